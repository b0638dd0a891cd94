import shutil
from pathlib import Path

import pytest

from dateline.errors import InvalidSeeds
from tests.conftest import SEEDS, run
from training import own_places


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "seeds"
    shutil.copytree(SEEDS, target, ignore=shutil.ignore_patterns("articles"))
    return target


def test_a_name_is_explained_added_and_taken_out(folder: Path, tmp_path: Path) -> None:
    def place(*args: str) -> str:
        done = run("training", "place", *args, "--seeds", folder, models=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    assert place("Georgia") == "Georgia: country, GE, or US"
    assert place("Te Papa Museum") == "Te Papa Museum: not in the gazetteer"
    assert place("Te Papa Museum", "--country", "NZ", "--kind", "institutions") == "Te Papa Museum: institution, NZ"
    assert place("Auckland", "--country", "AU") == "Auckland: city, AU"
    assert place("Te Papa Museum") == "Te Papa Museum: institution, NZ"
    assert place("Auckland", "--none") == "Auckland: no place"


@pytest.mark.parametrize(
    ("section", "code", "message"),
    [
        pytest.param("cities", "XX", "'XX' is no country", id="country"),
        pytest.param("towns", "NZ", "towns: no such section", id="section"),
    ],
)
def test_what_cannot_be_read_is_not_written(folder: Path, section: str, code: str, message: str) -> None:
    own_places.add(folder, "Te Papa", section="institutions", code="NZ")
    before = (folder / own_places.FILE).read_text()
    with pytest.raises(InvalidSeeds, match=message):
        own_places.add(folder, "Somewhere", section=section, code=code)
    assert (folder / own_places.FILE).read_text() == before
