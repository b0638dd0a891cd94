"""Figures of merit, as arrays in, numbers out. Used by cross-validation and by `evaluate` alike."""

from collections.abc import Sequence

import numpy as np


def f1(truth: np.ndarray, assigned: np.ndarray) -> float:
    """Return micro-averaged F1 of boolean arrays of the same shape; 0 where nothing is true or assigned."""
    total = truth.sum() + assigned.sum()
    return float(2 * (truth & assigned).sum() / total) if total else 0.0


def macro_f1(truth: np.ndarray, assigned: np.ndarray) -> float:
    """Return F1 averaged over the labels (columns) that occur in `truth`."""
    return float(np.mean([f1(truth[:, k], assigned[:, k]) for k in np.flatnonzero(truth.any(axis=0))] or [0.0]))


def calibration_error(confidence: np.ndarray, correct: np.ndarray, *, bins: int = 10) -> float:
    """Return the expected calibration error over equally wide bins.

    Source: Guo et al. 2017, "On calibration of modern neural networks".
    """
    return float(sum(abs(b[0] - b[1]) * b[2] for b in reliability(confidence, correct, bins=bins)) / len(confidence))


def reliability(confidence: np.ndarray, correct: np.ndarray, *, bins: int = 10) -> Sequence[tuple[float, float, int]]:
    """Return (mean confidence, share correct, n) of each bin that is not empty."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [np.flatnonzero(number == b) for b in range(bins)]
    return [(float(confidence[r].mean()), float(correct[r].mean()), len(r)) for r in rows if len(r)]
