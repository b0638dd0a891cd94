"""The model that a new user gets: trained once here from the whole seed corpus, held to its figures of before.

Slow, and the only place where the whole corpus is trained on.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.registry import Registry
from tests import non_news
from tests.conftest import SEEDS, train

FLOORS = Path(__file__).with_name("floors.json")


@pytest.fixture(scope="module")
def default_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("default-models")
    train(SEEDS, folder)
    return folder


@pytest.fixture(scope="module")
def default_analyser(default_models: Path) -> Analyser:
    return load(Registry(default_models).folder())


def test_figures_do_not_fall_below_their_floors(default_models: Path) -> None:
    """`tests/floors.json` remembers the cross-validated figures; a changed corpus needs new ones, a lower one why."""
    manifest = bundle.read_manifest(Registry(default_models).folder())
    remembered: dict[str, Any] = json.loads(FLOORS.read_text())
    figures = manifest["evaluation"]
    assert manifest["corpus_sha256"] == remembered["corpus_sha256"], (
        f"the corpus has changed: write its hash {manifest['corpus_sha256']} and floors for {figures} to {FLOORS.name}"
    )
    below = {name: figures[name] for name, floor in remembered["floors"].items() if figures[name] < floor}
    assert below == {}
    assert figures["ece"] <= 0.05


def test_what_is_no_news_gets_no_topic_and_a_reason(default_analyser: Analyser) -> None:
    answers = [(kind, default_analyser.analyse(text)) for kind, text in non_news.texts()]
    assert Counter(kind for kind, _ in answers) == dict.fromkeys(non_news.KINDS, non_news.EACH)
    classified = Counter(kind for kind, answer in answers if answer.topics)
    assert classified.total() <= 0.05 * len(answers), classified
    assert all(answer.warnings for _, answer in answers if not answer.topics)
