import sqlite3
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import create_engine

from dateline.article import Codings, LabelChange, NewArticle, content_hash
from dateline.articles import ArticleStore, Filter
from dateline.database import parse_url, upgrade
from dateline.errors import InvalidQuery, StoreUnavailable, UnknownArticle
from tests.conftest import ROOT

DATA = Path(__file__).parent / "data"
SPORT, POLITICS, ECONOMY = "medtop:15000000", "medtop:11000000", "medtop:04000000"


def article(number: int, **fields: object) -> NewArticle:
    return NewArticle.model_validate(
        {"id": f"a{number}", "title": f"Title {number}", "text": f"Text number{number} of the day.", **fields}
    )


def ids(store: ArticleStore, **wanted: object) -> list[str]:
    return [found.id for found in store.page(Filter(**wanted), limit=100).articles]  # type: ignore[arg-type]


def test_what_is_added_comes_back(store: ArticleStore) -> None:
    given = NewArticle(
        id="x-1", title="Élan", text="Line one.\nLine “two” 😀", date="2026-03-01T10:00:00+02:00", source="Post",
        url="https://example.org/1", topics=(SPORT, ECONOMY), subtopics=("medtop:20001126",), countries=(), by="ana",
        provenance="test",
    )  # fmt: skip
    assert [(done.id, done.status) for done in store.add([given])] == [("x-1", "added")]
    found = store.get("x-1")
    for field in ("id", "title", "text", "source", "url", "topics", "subtopics", "countries", "provenance"):
        assert getattr(found, field) == getattr(given, field), field
    assert found.date == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert found.to_dict()["date"] == "2026-03-01T08:00:00Z"
    assert {label.by for label in found.labels} == {"ana"}
    with pytest.raises(UnknownArticle, match="x-2"):
        store.get("x-2")


def test_adding_twice_is_adding_once(store: ArticleStore) -> None:
    batch = [article(n) for n in range(5)]
    assert [done.status for done in store.add(batch)] == ["added"] * 5
    assert [done.status for done in store.add([*batch, article(5)])] == ["unchanged"] * 5 + ["added"]
    assert store.count() == 6


def test_an_id_twice_in_one_batch_is_one_article(store: ArticleStore) -> None:
    done = store.add([article(1), article(1, source="Post"), article(1, text="Something else."), article(1)])
    assert [one.status for one in done] == ["added", "changed", "conflict", "unchanged"]
    assert store.count() == 1
    assert store.get("a1").source == "Post"


def test_without_an_id_the_content_is_the_id(store: ArticleStore) -> None:
    first, again = NewArticle(text="Rain  fell on “Oslo”."), NewArticle(text='Rain fell on\n"Oslo".')
    assert [done.status for done in store.add([first, again])] == ["added", "unchanged"]
    assert store.get(store.add([first])[0].id).text == first.text
    other = store.add([NewArticle(id="mine", text=first.text)])[0]
    assert (other.status, other.same_as) == ("added", store.add([first])[0].id)


def test_adding_fills_in_and_never_overwrites(store: ArticleStore) -> None:
    store.add([article(1, source="Post", topics=[SPORT], by="ana")])
    assert store.add([article(1, source="Other", topics=[POLITICS], countries=["KE"])])[0].status == "changed"
    found = store.get("a1")
    assert (found.source, found.topics, found.countries) == ("Post", (SPORT,), ("KE",))
    assert store.add([article(1, source="Other", topics=[POLITICS])])[0].status == "unchanged"
    assert store.add([article(1, text="Rewritten.")])[0].status == "conflict"
    assert store.get("a1").text == article(1).text


def test_replace_puts_what_is_given_in_place(store: ArticleStore) -> None:
    store.add([article(1, source="Post", topics=[SPORT], countries=["KE"])])
    new = article(1, text="Rewritten.", source="Other", topics=[POLITICS])
    assert [one.status for one in store.add([new], replace=True)] == ["changed"]
    found = store.get("a1")
    assert (found.text, found.source, found.topics, found.countries) == ("Rewritten.", "Other", (POLITICS,), ("KE",))
    assert [one.status for one in store.add([new], replace=True)] == ["unchanged"]
    assert ids(store, text="rewritten") == ["a1"]
    assert ids(store, text="number1") == []


def test_labels_are_accepted_rejected_corrected_and_taken_back(store: ArticleStore) -> None:
    store.add([article(1)])
    assert store.get("a1").topics is None

    def say(**change: object) -> tuple[object, tuple[str, ...]]:
        found = store.label("a1", LabelChange.model_validate({"by": "ana", **change}))
        assert found == store.get("a1")
        return found.topics, found.rejected("topic")

    assert say(reject={"topics": [ECONOMY]}) == (None, (ECONOMY,))
    assert say(accept={"topics": [SPORT, POLITICS]}) == ((SPORT, POLITICS), (ECONOMY,))
    assert say(accept={"topics": [ECONOMY]}) == ((SPORT, POLITICS, ECONOMY), ())
    assert say(correct={"topics": [POLITICS]}) == ((POLITICS,), (ECONOMY, SPORT))
    assert say(correct={"topics": []}) == ((), (ECONOMY, POLITICS, SPORT))
    assert say(accept={"topics": [SPORT]}) == ((SPORT,), (ECONOMY, POLITICS))
    assert say(unset={"topics": [SPORT, ECONOMY, POLITICS]}) == (None, ())
    assert store.get("a1").labels == ()
    with pytest.raises(UnknownArticle):
        store.label("b", LabelChange(accept=Codings(topics=(SPORT,))))


def test_change_and_delete(store: ArticleStore) -> None:
    store.add([article(1, topics=[SPORT]), article(2)])
    found = store.change("a1", {"text": "Fresh words.", "source": "Post"})
    assert found == store.get("a1")
    assert found.content_hash == content_hash("Title 1", "Fresh words.")
    assert ids(store, text="fresh") == ["a1"]
    assert store.change("a1", {"source": None}).source is None
    store.delete("a1")
    assert ids(store) == ["a2"]
    assert ids(store, text="fresh") == ids(store, topic=SPORT) == []
    for act in (store.delete, store.get, lambda name: store.change(name, {})):
        with pytest.raises(UnknownArticle):
            act("a1")


def test_filters(store: ArticleStore) -> None:
    store.add(
        [
            article(1, topics=[SPORT], countries=["KE"], date="2026-01-01", source="Post"),
            article(2, topics=[SPORT, POLITICS], date="2026-01-02", source="Post"),
            article(3, topics=[], subtopics=["medtop:20001126"], date="2026-01-03"),
            article(4, text="The reuters.com e-mail on multi-member seats; élan in GENEVA_2026."),
        ]
    )
    store.label("a1", LabelChange.model_validate({"reject": {"topics": [ECONOMY]}}))
    assert ids(store) == ["a4", "a3", "a2", "a1"]
    assert ids(store, topic=SPORT) == ["a2", "a1"]
    assert ids(store, topic=SPORT, country="KE") == ["a1"]
    assert ids(store, topic=ECONOMY) == []
    assert ids(store, topic=ECONOMY, verdict="rejected") == ["a1"]
    assert ids(store, subtopic="medtop:20001126") == ["a3"]
    assert ids(store, labelled=True) == ["a3", "a2", "a1"]
    assert ids(store, labelled=False) == ["a4"]
    assert ids(store, since=datetime(2026, 1, 2, tzinfo=UTC)) == ["a3", "a2"]
    assert ids(store, until=datetime(2026, 1, 3, tzinfo=UTC), source="Post") == ["a2", "a1"]
    assert ids(store, source="Post", topic=POLITICS, text="day") == ["a2"]
    assert (store.count(), store.count(labelled=True), store.count(labelled=False)) == (4, 3, 1)
    assert [found.id for found in store.unlabelled(limit=9)] == ["a4"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("member SEATS", True), ('"member seats"', True), ('"seats member"', False), ("multi-member", True),
        ("reuters", True), ("reuters.com", True), ("mail", True), ("ÉLAN", True), ("elan", False), ("gen*", True),
        ("gen", False), ("geneva", True), ("2026", True), ("seats nothing", False), ('"multi mem"*', True),
        ('"member seats', True), ("' OR 1=1 --", False), ("seats* AND NOT", False), ("a:b & c | !d", False),
    ],
)  # fmt: skip
def test_searches_find_the_same_in_both_databases(store: ArticleStore, query: str, found: bool) -> None:
    store.add([article(4, text="The reuters.com e-mail on multi-member seats; élan in GENEVA_2026.")])
    assert ids(store, text=query) == ["a4"] * found


@pytest.mark.parametrize("query", ["", " ", '""', "*", "&", "- ' \\", "w " * 21])
def test_searches_without_words_are_refused(store: ArticleStore, query: str) -> None:
    with pytest.raises(InvalidQuery, match="words to search for"):
        ids(store, text=query)


def test_pages_hold_every_article_once_while_others_are_added(store: ArticleStore) -> None:
    store.add([article(n) for n in range(25)])
    seen, cursor = [], None
    while True:
        page = store.page(Filter(text="day"), limit=10, cursor=cursor)
        seen += [found.id for found in page.articles]
        store.add([article(100 + len(seen))])
        if page.next is None:
            break
        cursor = page.next
    assert sorted(seen) == sorted(f"a{n}" for n in range(25))
    for bad in ("", "x", "YmVmb3JlIHg", "é", "a" * 999):
        with pytest.raises(InvalidQuery, match="cursor"):
            store.page(Filter(), limit=10, cursor=bad)


def test_training_reads_every_article_in_the_order_of_adding(store: ArticleStore) -> None:
    for start in range(0, 1100, 275):
        store.add([article(n, topics=[SPORT] if n % 2 else None) for n in range(start, start + 275)])
    read = list(store.for_training())
    if store._database.is_sqlite:
        assert [found.id for found in read] == [f"a{n}" for n in range(1100)]
    assert {found.id for found in read} == {f"a{n}" for n in range(1100)}
    assert [found.id for found in read] == [found.id for found in store.for_training()]
    assert {found.id for found in read if found.topics == (SPORT,)} == {f"a{n}" for n in range(1, 1100, 2)}
    assert all(found.topics is None for found in read if int(found.id[1:]) % 2 == 0)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    store = ArticleStore(f"sqlite:///{tmp_path / 'data' / 'store.db'}")
    assert (store.count(), list(store.for_training()), store.page(Filter(text="x"), limit=5).articles) == (0, [], ())
    assert list(tmp_path.iterdir()) == []
    store.add([article(1)])
    assert store.count() == 1


def _add_from_a_process(url: str, start: int) -> list[str]:
    store = ArticleStore(url)
    return [
        done.status for n in range(start, start + 40, 10) for done in store.add([article(n + i) for i in range(10)])
    ]


def test_processes_that_start_at_once_open_one_store_and_share_ids(store_url: str) -> None:
    with ProcessPoolExecutor(4) as pool:
        statuses = [s for done in pool.map(_add_from_a_process, [store_url] * 4, [0, 0, 20, 40]) for s in done]
    assert (statuses.count("added"), statuses.count("unchanged")) == (80, 80)
    assert ArticleStore(store_url).count() == 80


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["accept", "reject", "correct", "unset"]),
            st.sampled_from(["topics", "countries"]),
            st.lists(st.sampled_from("abc"), max_size=3),
        ),
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_obey_what_was_said_last(tmp_path: Path, said: list[tuple[str, str, list[str]]]) -> None:
    store = ArticleStore(f"sqlite:///{tmp_path / 'laws.db'}")
    store.add([NewArticle(id="x", text="A text.")])
    store.label("x", LabelChange.model_validate({"unset": {"topics": list("abc"), "countries": list("abc")}}))
    store.label("x", LabelChange.model_validate({"unset": {"topics": [], "countries": []}}))
    kinds = {"topics": "topic", "countries": "country"}
    for verb, field, codes in said:
        store.label("x", LabelChange.model_validate({verb: {field: codes}}))
        found = store.get("x")
        accepted, rejected = found.accepted(kinds[field]), found.rejected(kinds[field])
        assert not set(accepted or ()) & set(rejected)
        distinct = tuple(dict.fromkeys(codes))
        if verb == "accept" and codes:
            assert set(distinct) <= set(accepted or ())
        elif verb == "correct":
            assert accepted == distinct
        elif verb == "reject":
            assert set(distinct) <= set(rejected)
        elif verb == "unset":
            assert not set(distinct) & {*(accepted or ()), *rejected}
    store.close()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "white space"),
        ({"text": " \u200b\n"}, "white space"),
        ({"text": "a", "id": ""}, "at least 1"),
        ({"text": "a", "id": "a/b"}, "pattern"),
        ({"text": "a", "id": "a\nb"}, "pattern"),
        ({"text": "a", "id": "a" * 201}, "at most 200"),
        ({"text": "a", "id": "suggestions"}, "is no id"),
        ({"text": "a", "date": "yesterday"}, "no ISO 8601 date"),
        ({"text": "a", "date": "0001-01-01T00:00:00+14:00"}, "beyond"),
        ({"text": "a", "date": 5}, "ISO 8601 text"),
        ({"text": "a", "topics": [""]}, "at least 1"),
        ({"text": "a", "topics": ["x"] * 101}, "at most 100"),
        ({"text": "a", "nonsense": 1}, "Extra inputs"),
    ],
)  # fmt: skip
def test_bad_articles_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        NewArticle.model_validate(fields)


def test_a_store_of_the_first_schema_keeps_every_row_when_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript((DATA / "store_0001.sql").read_text(encoding="utf-8"))
    before = _rows(path)
    store = ArticleStore(f"sqlite:///{path}")
    assert store.count() == 3
    assert _rows(path) == before
    _check_upgraded(store)
    with sqlite3.connect(path) as new:
        assert new.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _rows(path: Path) -> list[list[object]]:
    with sqlite3.connect(path) as connection:
        return [connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2, 3").fetchall() for t in ("articles", "labels")]  # noqa: S608


def test_a_postgresql_store_of_the_first_schema_is_upgraded_too(postgresql_url: "object") -> None:
    url = postgresql_url()  # type: ignore[operator]
    rows = [
        line.replace("INSERT INTO", "INSERT INTO public.")
        for line in (DATA / "store_0001.sql").read_text(encoding="utf-8").splitlines()
        if line.startswith(('INSERT INTO "articles"', 'INSERT INTO "labels"'))
    ]
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        upgrade(connection, "0001")
        for row in rows:
            connection.exec_driver_sql(row.replace("public. ", "public."))
    engine.dispose()
    _check_upgraded(ArticleStore(url))


def _check_upgraded(store: ArticleStore) -> None:
    assert [found.id for found in store.for_training()] == ["harbour-1", "harbour-2", "cup-1"]
    first, second, third = store.for_training()
    assert (first.topics, first.rejected("topic"), first.countries) == ((ECONOMY,), (SPORT,), ("CV",))
    assert (second.topics, second.countries, third.topics) == (None, (), (SPORT,))
    assert second.text.startswith("Ferry crossings resume; “two boats")
    assert first.date == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    assert ids(store, text="two boats") == ["harbour-2"]
    assert ids(store, text="sunday") == ["cup-1"]
    again = NewArticle(title=first.title, text=first.text, id=first.id)
    assert [done.status for done in store.add([again, article(1)])] == ["unchanged", "added"]
    store.close()


def test_a_store_of_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    ArticleStore(f"sqlite:///{path}").add([article(1)])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer Dateline"):
        ArticleStore(f"sqlite:///{path}").count()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite:////proc/nothing/x.db"])
def test_a_store_that_cannot_be_opened_says_so(url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"DATELINE_DATABASE_URL|cannot be opened"):
        ArticleStore(url).add([article(1)])


def test_a_password_is_never_in_an_error() -> None:
    store = ArticleStore("postgresql://ana:secret@127.0.0.1:9/x")
    with pytest.raises(StoreUnavailable) as raised:
        store.count()
    assert "secret" not in str(raised.value)


def test_classifying_does_not_import_a_database() -> None:
    code = "import sys, dateline.analyser, service.app; print({'sqlalchemy', 'alembic'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"set()\n"
