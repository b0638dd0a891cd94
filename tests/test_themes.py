import numpy as np
import pytest
from gensim.models import LdaModel
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.analyser import Analyser
from dateline.taxonomy import read_taxonomy
from dateline.text import read
from dateline.themes import infer
from tests.conftest import SEEDS, STORY
from training.corpus import read_corpus
from training.features import extract
from training.theme_sampler import draw, gensim_model
from training.theme_words import theme_words

RNG = np.random.default_rng(7)
N_WORDS, N_THEMES = 30, 4


@pytest.fixture(scope="module")
def lda() -> LdaModel:
    corpus = [[(int(w), int(RNG.integers(1, 5))) for w in RNG.choice(N_WORDS, 8, replace=False)] for _ in range(60)]
    return LdaModel(
        corpus, num_topics=N_THEMES, id2word={i: str(i) for i in range(N_WORDS)}, random_state=1, iterations=500,
        gamma_threshold=1e-6, minimum_probability=0, dtype=np.float64, alpha="asymmetric",
    )  # fmt: skip


def test_inference_agrees_with_gensim(lda: LdaModel) -> None:
    beta = np.ascontiguousarray(lda.expElogbeta.T)
    for _ in range(50):
        words = np.sort(RNG.choice(N_WORDS, 10, replace=False))
        counts = RNG.integers(1, 6, 10)
        gamma, _ = lda.inference([list(zip(words.tolist(), counts.tolist(), strict=True))])
        expected = gamma[0] / gamma[0].sum()
        assert np.abs(infer(beta[words], counts.astype(float), lda.alpha) - expected).sum() < 0.01


class SameStart:
    """Stands in for gensim's random start of a text: the one that `infer` takes."""

    def __init__(self, alpha: np.ndarray, n_words: float) -> None:
        self._start = alpha + n_words / len(alpha)

    def gamma(self, _shape: float, _scale: float, size: tuple[int, int]) -> np.ndarray:
        return np.tile(self._start, (size[0], 1))


def test_inference_agrees_with_gensim_run_to_its_end_on_500_texts() -> None:
    taxonomy = read_taxonomy(SEEDS)
    articles = read_corpus(SEEDS, taxonomy).articles
    documents = [read(article.text, article.title) for article in articles[:: len(articles) // 500][:500]]
    features = extract(documents, taxonomy, min_documents=2)
    words = theme_words(features.counts, features.index)
    corpus = features.counts[:, words]
    stems = [features.index.stems[i] for i in words]
    lda = gensim_model(draw(corpus, n_topics=40, sweeps=60, seed=1), stems, seed=1)
    lda.gamma_threshold, lda.iterations = 1e-9, 20_000
    beta, alpha = np.ascontiguousarray(lda.expElogbeta.T, dtype=np.float32), lda.alpha.astype(np.float32)
    for row in corpus:
        lda.random_state = SameStart(lda.alpha, row.data.sum())
        gamma, _ = lda.inference([list(zip(row.indices.tolist(), row.data.tolist(), strict=True))])
        ours = infer(beta[row.indices], row.data.astype(np.float32), alpha)
        assert np.abs(ours - gamma[0] / gamma[0].sum()).sum() < 0.01


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20))
@settings(max_examples=50)
def test_weights_are_a_distribution(counts: list[int]) -> None:
    beta = np.random.default_rng(len(counts)).random((len(counts), 5))
    weights = infer(beta, np.array(counts, dtype=float), np.full(5, 0.1))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0).all()


def test_themes_have_distinct_names_and_ids(analyser: Analyser) -> None:
    entries = analyser.themes.entries
    assert len({e.id for e in entries}) == len({e.name for e in entries}) == len(entries)
    assert 0.5 < sum(e.share for e in entries) < 1.0
    assert all(len(e.terms) == 10 for e in entries)


def test_a_text_has_weighted_themes(analyser: Analyser) -> None:
    themes = analyser.analyse(STORY).themes
    assert themes
    assert [t.weight for t in themes] == sorted((t.weight for t in themes), reverse=True)


def test_unknown_words_have_no_theme(analyser: Analyser) -> None:
    rng = np.random.default_rng(3)
    letters = list("bcdfghjklmnpqrstvwxz")
    for _ in range(300):
        text = " ".join("".join(rng.choice(letters, 9)) for _ in range(40))
        answer = analyser.analyse(text)
        assert answer.themes == ()
        assert answer.warnings
