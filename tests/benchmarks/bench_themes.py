"""Whether themes keep their ids: retrained with other seeds, and with 500 articles on a new subject.

    python -m tests.benchmarks.bench_themes

Fits the themes of seeds/ as training does, then again from there. "Same subject" is judged apart from the rule by which
ids are kept: five of a theme's ten terms must be the same. The 500 articles are made up: sentences about kelp farming
between sentences of other articles.
"""

import time
from pathlib import Path

import numpy as np

from dateline.taxonomy import Taxonomy, read_taxonomy
from dateline.text import Document, read
from dateline.themes import ThemeEntry
from training import theme_diff
from training.corpus import Article, read_corpus
from training.features import extract
from training.theme_diff import VersionThemes
from training.theme_versions import article_facts
from training.themes import Previous, ThemeFit, fit_themes

SEEDS = Path(__file__).parents[2] / "seeds"
NEW_ARTICLES = 500
_NOUNS = """
kelp frond holdfast blade stipe raft longline buoy mooring hatchery spool gametophyte spore seedling algae
alginate agar bladderwrack dulse wakame sporeling canopy urchin abalone oyster mussel skipper winch tender lease
inlet fjord lagoon tide swell current salinity upwelling nursery harvest biomass fertiliser feedstock bioplastic
iodine processor drier grower cooperative diver wetsuit trellis
"""
NOUNS = _NOUNS.split()

_VERBS = """
anchored seeded hauled trimmed rinsed dried milled shredded lowered raised untangled towed replanted cultivated
grazed smothered fouled bleached thinned baled
"""
VERBS = _VERBS.split()

_ADJECTIVES = """
brown red offshore nearshore briny sheltered submerged tidal slimy buoyant farmed wild sugar giant stunted
"""
ADJECTIVES = _ADJECTIVES.split()


def sentence(rng: np.random.Generator) -> str:
    a, b, c, d = rng.choice(NOUNS, 4)
    how, done, again = rng.choice(ADJECTIVES), rng.choice(VERBS), rng.choice(VERBS)
    return f"The {how} {a} was {done} and the {b} {again} by the {c} near the {d}."


def new_articles(others: list[Article], n: int, *, seed: int = 1) -> list[Article]:
    """Return articles on kelp farming, a third of whose sentences are of other articles."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        words = others[int(rng.integers(len(others)))].text.split(". ")
        borrowed = [str(s).rstrip(".") + "." for s in rng.choice(words, 3)]
        sentences = [*(sentence(rng) for _ in range(7)), *borrowed]
        rng.shuffle(sentences)
        made.append(Article(id=f"kelp-{number}", title=sentence(rng).rstrip("."), text=" ".join(sentences)))
    return made


def fit(articles: list[Article], taxonomy: Taxonomy, *, seed: int, before: ThemeFit | None = None) -> ThemeFit:
    documents: list[Document] = [read(article.text, article.title) for article in articles]
    features = extract(documents, taxonomy)
    previous = before and Previous(before.history, before.model, before.figures, before.history.next_number)
    return fit_themes(
        documents, [article_facts(a, taxonomy) for a in articles], features.counts, features.index, n_themes=None,
        seed=seed, label_names={}, previous=previous,
    )  # fmt: skip


def same_subject(before: ThemeEntry, after: ThemeEntry) -> bool:
    return len(set(before.terms) & set(after.terms)) >= 5


def kept(before: ThemeFit, after: ThemeFit) -> str:
    old, new = ({entry.id: entry for entry in fitted.model.entries} for fitted in (before, after))
    both = [id for id in old if id in new and same_subject(old[id], new[id])]
    return f"{len(both)} of {len(old)} ids kept on the same subject ({len(both) / len(old):.0%})"


def main() -> None:
    taxonomy = read_taxonomy(SEEDS)
    articles = list(read_corpus(SEEDS, taxonomy).articles)
    begun = time.process_time()
    first = fit(articles, taxonomy, seed=1)
    print(f"{len(articles):,} articles, {time.process_time() - begun:.0f} s of CPU:", first.figures)
    for seed in (2, 3):
        print(f"  seed {seed} after seed 1:", kept(first, fit(articles, taxonomy, seed=seed, before=first)))
    alone = fit(articles, taxonomy, seed=2)
    matched = sum(any(same_subject(a, b) for b in alone.model.entries) for a in first.model.entries)
    print(f"  seed 2 without an earlier version: {matched} of {len(first.model.entries)} subjects found again")
    grown = fit([*articles, *new_articles(articles, NEW_ARTICLES)], taxonomy, seed=1, before=first)
    print(f"  with {NEW_ARTICLES} articles on kelp farming:", kept(first, grown))
    versions = [VersionThemes(fitted.model.entries, fitted.history) for fitted in (first, grown)]
    print(theme_diff.render(theme_diff.diff(*versions)))


if __name__ == "__main__":
    main()
