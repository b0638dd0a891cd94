# ruff: noqa: E501 - files are easier to read whole
import json
from pathlib import Path

import pytest

from dateline.articles import ArticleStore
from dateline.taxonomy import Taxonomy, read_taxonomy
from tests.conftest import SEEDS, environment, run
from training.encodings import UnknownEncoding, decode
from training.importing import Options, Rejection, Summary, find_files, import_files

TAXONOMY: Taxonomy = read_taxonomy(SEEDS)
ACCENTED = "The café in Besançon reopened; “a miracle”, said its owner – and naïve guests agreed on the crème."
PAGE = """<!DOCTYPE html><html><head><title>Ferry returns | Island Post</title>
<meta property="og:title" content="Ferry returns"><meta property="og:site_name" content="Island Post">
<meta property="article:published_time" content="2026-02-03T04:05:06+01:00">
<link rel="canonical" href="https://example.org/ferry"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport pages</a></li></ul></nav>
<main><article><h1>Ferry returns</h1><p>The ferry to Maio returned to its berth on Tuesday after nine weeks of repairs,
and the first forty passengers crossed the same afternoon.</p><p>Its captain said the engine had never run better, and
that the timetable would be kept all winter.</p></article></main>
<footer><p>Copyright Island Post. All rights reserved. Cookie settings.</p></footer></body></html>"""
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Hill Radio</title>
<item><title>Dam &amp; river</title><guid>urn:1</guid><pubDate>Tue, 03 Feb 2026 10:00:00 GMT</pubDate>
<link>https://example.org/dam</link><description>&lt;p&gt;The dam at Kossou was opened for an hour.&lt;/p&gt;</description></item>
<item><title>Bus strike</title><guid>https://example.org/bus</guid><description>Drivers walked out at dawn in Oran.</description></item>
</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Coast Wire</title><id>urn:f</id>
<entry><title>Whale count</title><id>urn:a</id><updated>2026-02-04T00:00:00Z</updated>
<content type="html">&lt;p&gt;Volunteers counted ninety whales off Hermanus.&lt;/p&gt;</content></entry></feed>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of every kind of file, in several encodings, with broken ones among them."""
    top = tmp_path / "in"
    (top / "deep" / "er").mkdir(parents=True)
    (top / ".hidden").mkdir()
    files: dict[str, bytes] = {
        "plain.txt": b"Short head\n\nThe market of Vicosa was moved indoors because of rain.\n",
        "latin.txt": "The café in Besançon reopened after the flood, and the mayor came to the first breakfast.".encode("latin-1"),
        "windows.txt": ACCENTED.encode("cp1252"),
        "bom.txt": b"\xef\xbb\xbf" + b"Schools in Brno stayed shut on Friday.",
        "utf16.txt": "Trams in Łódź run again, the city said.".encode("utf-16"),
        "utf16-no-mark.txt": "Trams in Graz run again, the city said.".encode("utf-16-le"),
        "binary.txt": b"\x00\x01\x02\xff\xfe\x00" * 50,
        "empty.txt": b" \n",
        "note.md": b"---\ntitle: Harvest early\ndate: 2026-01-05\ntopics: [sport]\n---\n# Not this\n\nGrapes were *picked* in [Stellenbosch](https://x.y).\n\n- one\n- two\n",
        "head.markdown": b"# Only a heading\n\nA bridge was closed in Porto.\n",
        "bad.md": b"---\na: [\n---\ntext\n",
        "page.html": PAGE.encode(),
        "meta.htm": PAGE.replace("<head>", '<head><meta charset="iso-8859-1">').replace("Maio", "Fogo").replace("captain", "capit\u00e1n").encode("latin-1"),
        "deep/lines.jsonl": b'{"id": "j1", "text": "A judge in Accra freed two men.", "topics": ["crime, law and justice"], "countries": ["GH"]}\n\n'
        b'{"id": "j2", "title": "no text"}\n{"id": "j3"\n{"id": "j4", "text": "Snow fell on Quito.", "topics": ["nonsense"]}\n[1]\n'
        b'{"id": "j1", "text": "Another text under the same id."}\n{"id": 5, "headline": "Head", "body": "A number is an id too.", "extra": 1}\n',
        "deep/one.json": b'{"text": "One article in one file, from Male.", "published": "2026-02-02"}',
        "deep/many.json": json.dumps({"articles": [{"text": f"Article {n} of many."} for n in range(3)]}).encode(),
        "deep/er/table.csv": "id;headline;story;published;section;place\n"
        "c1;Cup tie;The cup tie in Nakuru\nwas drawn;2026-03-01;Footy;KE\n"
        'c2;Budget;"A ""tight"" budget; said the minister";Tue, 03 Feb 2026 10:00:00 GMT;politics|labour;\n'
        "c3;Late;No such day;2026-13-40;;\nc4;a;b;;;;too;many\nc5;No text;;;;\n".replace("Nakuru\nwas", "Nakuru was").encode("utf-16"),
        "deep/er/open.csv": b'id,text\nq1,"A closed one, with a\nline break"\nq2,"never closed\n',
        "feed.rss": RSS.encode(),
        "feed.atom": ATOM.encode(),
        "cut.xml": RSS[: RSS.index("<item><title>Bus")].replace("Kossou", "Taabo").replace("urn:1", "urn:9").encode(),
        "other.xml": b"<?xml version='1.0'?><inventory><a/></inventory>",
        "picture.png": b"\x89PNG",
        ".hidden/x.txt": b"Never read.",
    }  # fmt: skip
    for name, data in files.items():
        (top / name).write_bytes(data)
    return top


OPTIONS = Options(
    fields={"text": "story", "topics": "section", "countries": "place"}, codes={"footy": "medtop:15000000"}, by="ana"
)


def imported(store: ArticleStore, *paths: Path, options: Options = Options()) -> Summary:  # noqa: B008
    summary = Summary()
    for step, _, done in import_files(store, find_files(paths), options=options, taxonomy=TAXONOMY):
        summary = step
        assert 0 <= done <= 1
    return summary


def test_every_kind_of_file_is_read_once(store: ArticleStore, folder: Path) -> None:
    table = folder / "deep" / "er" / "table.csv"
    of_table = imported(store, table, options=OPTIONS)
    assert (of_table.counts, [r.line for r in of_table.rejections]) == ({"added": 2}, [4, 5, 6])
    first, second = store.get("c1"), store.get("c2")
    assert (first.title, first.topics, first.countries) == ("Cup tie", ("medtop:15000000",), ("KE",))
    assert {label.by for label in first.labels} == {"ana"}
    assert second.text == 'A "tight" budget; said the minister'
    assert second.topics == ("medtop:11000000", "medtop:09000000")
    assert second.date is not None
    assert second.date.isoformat() == "2026-02-03T10:00:00+00:00"
    table.unlink()

    found = imported(store, folder)
    assert found.files == 21
    assert found.skipped == [folder / "picture.png"]
    assert found.counts == {"added": 21}
    assert {(str(r.path.relative_to(folder)), r.line) for r in found.rejections} == {
        ("binary.txt", None), ("empty.txt", 1), ("bad.md", 1), ("deep/lines.jsonl", 3), ("deep/lines.jsonl", 4),
        ("deep/lines.jsonl", 5), ("deep/lines.jsonl", 6), ("deep/lines.jsonl", 7), ("deep/er/open.csv", 4),
        ("cut.xml", 5), ("other.xml", 1),
    }  # fmt: skip
    assert {str(path.relative_to(folder)): encoding for path, encoding in found.encodings.items()} == {
        "latin.txt": "cp1252", "windows.txt": "cp1252", "bom.txt": "utf-8-sig", "utf16.txt": "utf-16",
        "utf16-no-mark.txt": "utf-16-le", "meta.htm": "iso-8859-1",
    }  # fmt: skip
    texts = {article.text: article for article in store.for_training()}
    assert len(texts) == store.count() == 23
    assert ACCENTED in texts
    assert "Trams in Łódź run again, the city said." in texts
    assert texts["The market of Vicosa was moved indoors because of rain."].title == "Short head"
    assert texts["A bridge was closed in Porto."].title == "Only a heading"
    note = next(article for article in texts.values() if article.title == "Harvest early")
    assert note.text == "Not this\n\nGrapes were picked in Stellenbosch.\n\none\n\ntwo"
    assert note.topics == ("medtop:15000000",)
    page = next(article for article in texts.values() if "Maio" in article.text)
    assert (page.title, page.source, page.url) == ("Ferry returns", "Island Post", "https://example.org/ferry")
    assert page.text.startswith("The ferry to Maio")
    assert "Cookie" not in page.text
    assert "Sport pages" not in page.text
    assert any("capitán" in text for text in texts)
    dam = next(article for article in texts.values() if "Kossou" in article.text)
    assert (dam.title, dam.source, dam.text) == (
        "Dam & river",
        "Hill Radio",
        "The dam at Kossou was opened for an hour.",
    )
    assert store.get("j1").topics == ("medtop:02000000",)
    assert store.get("5").title == "Head"
    assert store.get("j1").provenance == f"{folder}/deep/lines.jsonl:1"[-200:]


def test_an_import_run_again_changes_nothing(store: ArticleStore, folder: Path) -> None:
    first = imported(store, folder)
    before = list(store.for_training())
    again = imported(store, folder)
    assert again.counts == {"unchanged": first.counts["added"]}
    assert again.rejections == first.rejections
    assert list(store.for_training()) == before


def test_an_import_that_was_broken_off_is_taken_up_again(store: ArticleStore, tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"r{n}", "text": f"Record number {n}."}) for n in range(900)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    steps = import_files(store, find_files([tmp_path]), options=Options(), taxonomy=None)
    for _ in range(500):
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert store.count() == 400
    assert imported(store, tmp_path).counts == {"added": 500, "unchanged": 400}
    assert store.count() == 900


def test_replace_takes_what_files_say_now(store: ArticleStore, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "Before."}\n')
    imported(store, path)
    path.write_text('{"id": "a", "text": "After."}\n')
    refused = imported(store, path)
    assert [str(rejection) for rejection in refused.rejections] == [
        f"{path}:1: id 'a' is there and says something else; take this one with --replace"
    ]
    assert imported(store, path, options=Options(replace=True)).counts == {"changed": 1}
    assert store.get("a").text == "After."


def test_a_file_of_no_known_kind_is_refused_if_it_is_named(store: ArticleStore, folder: Path) -> None:
    summary = imported(store, folder / "picture.png", folder / "plain.txt")
    assert summary.counts == {"added": 1}
    assert "not a kind of file" in summary.rejections[0].reason


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain", "utf-8"),
        ("élan".encode(), "utf-8"),
        ("élan".encode("utf-8-sig"), "utf-8-sig"),
        ("élan".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "élan".encode("utf-16-be"), "utf-16"),
        ("élan".encode("utf-32"), "utf-32"),
        ("He said so in plain words for an hour or two, and élan was his word.".encode("cp1252"), "cp1252"),
        ("abcd efgh".encode("utf-16-be"), "utf-16-be"),
        ('<?xml version="1.0" encoding="koi8-r"?><a>Привет</a>'.encode("koi8-r"), "koi8-r"),
        (("Правительство объявило во вторник о новом законе о пенсиях. " * 5).encode("cp1251"), "cp1251"),
    ],
)  # fmt: skip
def test_encodings_are_found_and_named(data: bytes, encoding: str) -> None:
    found = decode(data)
    assert found.encoding == encoding
    assert data.decode(encoding) == found.text


def test_an_encoding_may_be_said() -> None:
    assert decode(b"\xb5", encoding="cp437").text == "╡"
    for data, encoding in ((b"\xff", "utf-8"), (b"a", "nonsense")):
        with pytest.raises(UnknownEncoding, match=encoding):
            decode(data, encoding=encoding)


def test_a_rejection_names_file_and_line() -> None:
    assert str(Rejection(Path("a.csv"), 7, "text: missing")) == "a.csv:7: text: missing"
    assert str(Rejection(Path("a.csv"), None, "is a folder")) == "a.csv: is a folder"


def test_the_command_adds_says_what_it_did_and_goes_on(models: Path, folder: Path, tmp_path: Path) -> None:
    store = ArticleStore(environment(models)["DATELINE_DATABASE_URL"])
    table, listed = folder / "deep" / "er" / "table.csv", tmp_path / "rejected.txt"
    options = [
        "--field",
        "text=story",
        "--labels",
        "topics=section",
        "--map",
        "Footy=medtop:15000000",
        "--rejected",
        listed,
    ]
    done = run("training", "add", table, folder / "windows.txt", *options, models=models)
    assert done.returncode == 1
    assert done.stdout.decode() == "2 files: 3 added, 0 changed, 0 unchanged, 3 rejected\n"
    shown = done.stderr.decode().splitlines()
    assert f"{folder}/windows.txt: read as cp1252" in shown
    assert f"rejected {table}:6: text: missing" in shown
    assert len(listed.read_text(encoding="utf-8").splitlines()) == 3
    again = run("training", "add", folder / "windows.txt", models=models)
    assert (again.returncode, again.stdout) == (0, b"1 files: 0 added, 0 changed, 1 unchanged, 0 rejected\n")
    assert store.get("c1").topics == ("medtop:15000000",)
    for bad in (["--field", "colour=x"], ["--labels", "topics"], ["/nowhere"]):
        assert run("training", "add", table, *bad, models=models).returncode == 2
