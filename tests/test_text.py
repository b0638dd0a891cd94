import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.text import _TABLE, MAX_CODED, alignment, normalise, read, scan, spans, stem, tokenise

any_text = st.text(alphabet=st.characters(), max_size=200)


@given(any_text)
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(any_text)
def test_spans_are_the_tokens(text: str) -> None:
    normalised = normalise(text)
    assert [normalised[a:b].lower() for a, b in spans(normalised)] == tokenise(normalised)


newsy = st.text(alphabet=st.sampled_from("aAbBcC éÉßµ²_-. łŁΣσς漢\u0301\u200b"), max_size=120)


@given(any_text | newsy)
def test_tokens_are_what_a_plain_pattern_finds(text: str) -> None:
    normalised = normalise(text)
    assert tokenise(normalised) == re.findall(r"[^\W_]{2,}", normalised.lower())


@given(any_text | newsy)
def test_a_scan_finds_the_tokens_and_tells_them_apart(text: str) -> None:
    normalised = normalise(text)
    scanned, words = scan(normalised), tokenise(normalised)
    assert [scanned.word(number) for number in range(len(scanned.codes))] == words
    coded = dict(zip(words, scanned.codes.tolist(), strict=True))
    assert {word for word, code in coded.items() if not code} == {
        word for word in words if len(word) > MAX_CODED or any(letter > "\xff" for letter in word)
    }
    assert len(set(coded.values()) - {0}) == sum(code != 0 for code in coded.values())
    assert [coded[word] for word in words] == scanned.codes.tolist()


def test_codes_are_those_that_models_keep() -> None:
    """A model's tables hold the codes of words; other codes would find nothing in them."""
    mixers = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
    for word in ("of", "troops", "governor", "governors", "unconstitutionally", "x" * MAX_CODED):
        chunks = [int.from_bytes(word[i : i + 8].encode(), "little") for i in range(0, len(word), 8)]
        expected = sum(chunk * mixer for chunk, mixer in zip(chunks, mixers, strict=False)) % 2**64
        assert scan(word).codes.tolist() == [expected]


@given(any_text | newsy)
def test_normalise_replaces_what_the_table_says(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert normalise(text) == unicodedata.normalize("NFC", composed.translate(_TABLE))


@given(any_text)
def test_alignment_points_into_the_text_in_order(text: str) -> None:
    offsets = alignment(text)
    if offsets is not None:
        assert len(offsets) == len(normalise(text)) + 1
        assert offsets == sorted(offsets)
        assert offsets[-1] == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("“Iran’s” leaders — today", '"Iran\'s" leaders - today', id="typographic-punctuation"),
        pytest.param("inter\u00adnational", "international", id="soft-hyphen"),
        pytest.param("Cafe\u0301", "Café", id="decomposed-accent"),
        pytest.param("a\u00a0b\u0000c", "a b c", id="no-break-space-and-control"),
        pytest.param("\ud800x", " x", id="lone-surrogate"),
        pytest.param("İstanbul", "Istanbul", id="dotted-capital-i"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_alignment_leads_back_to_the_original() -> None:
    text = "A cafe\u0301 in soft\u00adware"
    offsets = alignment(text)
    assert offsets is not None
    start, end = spans(normalise(text))[-1]
    assert text[offsets[start] : offsets[end]] == "soft\u00adware"


def test_tokens_are_words_of_two_or_more_letters_or_digits() -> None:
    assert tokenise(normalise("The U.S. won 3-0, didn't it? Vote2025")) == ["the", "won", "didn", "it", "vote2025"]


def test_every_character_but_one_keeps_its_length_in_lower_case() -> None:
    longer = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and len(chr(c).lower()) != 1]
    assert [c for c in longer if normalise(c) == c] == []


def test_stems_join_inflections() -> None:
    assert len({stem(word) for word in ("elect", "elected", "electing")}) == 1


def test_a_document_joins_title_and_body() -> None:
    document = read("Body text.", "A title")
    assert document.joined == "A title\nBody text."
    assert document.n_words == 3
