from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dateline.terms import TITLE_WEIGHT, TermIndex, document_word_ids
from dateline.text import read, stem, tokenise

WORDS = ["oil", "oils", "price", "prices", "rose", "court", "supreme", "ruling", "rulings", "sharply"]
term = st.lists(st.sampled_from([stem(w) for w in WORDS]), min_size=1, max_size=3).map(" ".join)


def naive_counts(terms: set[str], words: list[str]) -> dict[str, int]:
    stems = [stem(word) for word in words]
    runs = (" ".join(stems[i : i + n]) for n in (1, 2, 3) for i in range(len(stems) - n + 1))
    return dict(Counter(run for run in runs if run in terms))


@given(st.sets(term, min_size=1, max_size=12), st.lists(st.sampled_from([*WORDS, "unseen"]), max_size=40))
def test_counts_are_those_of_a_plain_search(terms: set[str], words: list[str]) -> None:
    index = TermIndex.build(terms, surfaces=WORDS[:3])
    names = index.terms()
    ids, counts = index.counts(index.word_ids(words))
    found = {names[i]: int(n) for i, n in zip(ids, counts, strict=True)}
    assert {t: n for t, n in found.items() if t in terms} == naive_counts(terms, words)


@given(st.sets(term, min_size=1, max_size=12))
def test_an_index_does_not_depend_on_order_and_survives_its_state(terms: set[str]) -> None:
    index = TermIndex.build(sorted(terms))
    assert TermIndex.build(sorted(terms, reverse=True)).terms() == index.terms()
    assert TermIndex.from_state(index.state()).terms() == index.terms()
    assert terms <= set(index.terms())


def test_words_that_training_did_not_see_are_stemmed() -> None:
    index = TermIndex.build(["oil"], ["oils"])
    assert index.look_up("Oiling oiled zebra oils").ids.tolist() == [0, 0, -1, 0]
    assert index.look_up("Oiling oiled zebra oils").unseen == ["oiling", "oiled", "zebra"]


words = st.lists(st.sampled_from([*WORDS, "unseen", "Élan", "łódź", "x" * 30, "a", "the"]), max_size=40)


@given(st.sets(term, min_size=1, max_size=12), words)
def test_a_text_is_looked_up_as_its_words_are(terms: set[str], words: list[str]) -> None:
    index = TermIndex.build(terms, surfaces=[*WORDS, "łódź", "x" * 30, "the"])
    text = " ".join(words)
    assert index.look_up(text).ids.tolist() == index.word_ids(tokenise(text)).tolist()


@given(words)
def test_listed_words_are_counted(words: list[str]) -> None:
    index = TermIndex.build(["oil"], WORDS[:5])
    listed = {"the", "oils", "rulings", "łódź"}
    text = " ".join(words)
    among = index.word_list(listed).among(index.look_up(text))
    assert among.tolist() == [word in listed for word in tokenise(text)]


def test_a_title_counts_more_and_does_not_run_into_the_body() -> None:
    index = TermIndex.build(["oil", "price", "oil price"])
    ids, counts = index.counts(document_word_ids(index, read("price rose", "oil")))
    assert dict(zip((index.terms()[i] for i in ids), counts.tolist(), strict=True)) == {"oil": TITLE_WEIGHT, "price": 1}


def test_a_text_without_known_words_has_no_terms() -> None:
    index = TermIndex.build(["oil price"])
    ids, counts = index.counts(index.word_ids(["nothing", "known"]))
    assert len(ids) == len(counts) == 0
    assert ids.dtype == np.int64
