from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.errors import InvalidSeeds
from dateline.gazetteer import KINDS, Gazetteer, dateline_span
from dateline.text import normalise
from training.places import plain_letters, read_places

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer(read_places(SEEDS).state)


def found(gazetteer: Gazetteer, text: str) -> list[tuple[str, str, str]]:
    return [(text[m.start : m.end], gazetteer.codes[m.code], KINDS[m.kind]) for m in gazetteer.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Talks in Geneva failed.", [("Geneva", "CH", "city")], id="city"),
        pytest.param("Germans in French towns", [("Germans", "DE", "demonym"), ("French", "FR", "demonym")], id="two"),
        pytest.param("PARIS POLICE", [("PARIS", "FR", "capital")], id="capitals"),
        pytest.param("floods in northern italy", [("italy", "IT", "country")], id="lower case"),
        pytest.param("South Korea", [("South Korea", "KR", "country")], id="longest name wins"),
        pytest.param("a woman in Romania", [("Romania", "RO", "country")], id="whole words only"),
        pytest.param("The Kremlin's plan", [("Kremlin", "RU", "landmark")], id="possessive"),
        pytest.param("Malmö, Malmo", [("Malmö", "SE", "city"), ("Malmo", "SE", "city")], id="accents"),
        pytest.param("the Australian dollar", [("Australian", "AU", "cue")], id="a currency is a weak sign"),
        pytest.param("an Inter-American court", [], id="end of a compound"),
        pytest.param("Justice Houston spoke.", [], id="title before a family name"),
        pytest.param("", [], id="empty"),
    ],
)  # fmt: skip
def test_finds(gazetteer: Gazetteer, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(gazetteer, text) == expected


def test_a_name_of_two_countries_is_half_each(gazetteer: Gazetteer) -> None:
    parts = {gazetteer.codes[m.code]: m.part for m in gazetteer.find("The Korean Peninsula is calm.")}
    assert parts == {"KP": 0.5, "KR": 0.5}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Bank issues bonds. BUDAPEST, March 12 - The bank said", "BUDAPEST"),
        ("LONDON (Reuters) - Shares fell", "LONDON"),
        ("Beijing, Aug. 3 (Xinhua) -- China said", "Beijing"),
        ("MOSCOW, March 19. /TASS/. The minister said", "MOSCOW"),
        ("ST. LOUIS, Mo., March 1 - A court", "ST. LOUIS, Mo."),
        ("Firm completes asset sale. TORONTO, March 1 - The firm", "TORONTO"),
        ("Srinagar- A bus fell", "Srinagar"),
        ("A UK-based group - the first of its kind - said", ""),
        ("It rained. Nothing else happened.", ""),
    ],
)
def test_datelines(text: str, place: str) -> None:
    start, end = dateline_span(text)
    assert text[start:end] == place


@given(st.lists(st.sampled_from(["Iran", "US", "in Paris", "Jordan", "SMITH", "Lima,", "-", "\n", "é", "Texas", "👋"])))
def test_offsets_are_in_the_text_and_in_order(gazetteer: Gazetteer, words: list[str]) -> None:
    text = normalise(" ".join(words))
    mentions = gazetteer.find(text)
    assert [m.start for m in mentions] == sorted(m.start for m in mentions)
    for mention in mentions:
        surface = text[mention.start : mention.end]
        assert plain_letters(surface).casefold() == plain_letters(gazetteer.name(mention.name)).casefold()


def test_every_country_is_found_by_its_usual_name(gazetteer: Gazetteer) -> None:
    places = read_places(SEEDS)
    missed = {
        code
        for code, name in places.country_names.items()
        if code not in {gazetteer.codes[m.code] for m in gazetteer.find(f"A report from {name} said so in {name}.")}
    }
    assert missed == set()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("places.own.yaml", "cities: {XX: [1]}", "places.own.yaml: cities: XX: expected a list of names"),
        ("places.own.yaml", "cities: {NO: [Oslo]}", "places.own.yaml: cities: False is not text; put it in quotes"),
        ("places.own.yaml", "towns: {}", "places.own.yaml: towns: no such section"),
        ("places.own.yaml", "- a", "places.own.yaml: expected sections at the top level"),
        ("places.own.yaml", "a: [", "places.own.yaml: not readable as YAML"),
        ("places.own.yaml", "ambiguous: {Georgia: GE}", "places.own.yaml: ambiguous: Georgia: expected country codes"),
        ("places.own.yaml", "blocked: [3]", "places.own.yaml: blocked: 3 is not a name"),
        ("places/cities.tsv", "name\tcountry\tthousands\nOslo\tNO\n", "cities.tsv:2: expected 3 columns"),
        ("places/cities.tsv", "name\tcountry\tthousands\nOslo\tNO\tmany\n", "cities.tsv: 'many' is not a number"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, file: str, content: str, message: str) -> None:
    (tmp_path / "places").mkdir()
    (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(InvalidSeeds) as raised:
        read_places(tmp_path)
    assert message in str(raised.value)


def test_a_folder_without_places_gives_an_empty_gazetteer(tmp_path: Path) -> None:
    assert Gazetteer(read_places(tmp_path).state).find("Floods in France") == []


def test_the_users_file_wins(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text("cities: {FR: [Springfield, Lyon]}", encoding="utf-8")
    (tmp_path / "places.own.yaml").write_text(
        "cities: {US-IL: [Springfield]}\nignored: [Lyon Capital]", encoding="utf-8"
    )
    gazetteer = Gazetteer(read_places(tmp_path).state)
    assert found(gazetteer, "Rain in Springfield and in Lyon, says Lyon Capital.") == [
        ("Springfield", "US-IL", "city"),
        ("Lyon", "FR", "city"),
    ]
