"""Place names in a text: one pass of a multi-pattern matcher, then a look at the surroundings of what it found.

First half of "where": names -> mentions with offsets, kind and country. `dateline/regions.py` makes countries and
regions of them. Built at load from the state that `training/places.py` makes. Must not import regions or topics.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple, TypedDict

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

KINDS = ("country", "demonym", "capital", "city", "division", "landmark", "institution", "leader", "sea", "cue",
         "region", "ignored")  # fmt: skip
COUNTRY, DEMONYM, CAPITAL, CITY, DIVISION, LANDMARK, INSTITUTION, LEADER, SEA, CUE, REGION, IGNORED = range(len(KINDS))
COMMON, GIVEN, SMALL, UNCASED = 1, 2, 4, 8
"""Flags of a name: also a word or family name; also a given name; a city too small to be meant without a sign;
only for texts without capitals."""


class GazetteerState(TypedDict):
    """What a bundle keeps: `names` one per line; `kinds`, `flags` one byte per name; `first` its likeliest code.

    `options` holds, for names of several codes, (code, prior weight, codes that speak for it); `shared` those names
    that mean all their codes at once.
    """

    names: str
    codes: list[str]
    kinds: bytes
    flags: bytes
    first: list[int]
    options: dict[int, list[tuple[int, float, list[int]]]]
    shared: list[int]


class Found(NamedTuple):
    """A mention: offsets in its segment, kind and code as indexes into KINDS and codes, part of it, id of its name.

    `part` is below 1 where a name means several places at once.
    """

    start: int
    end: int
    kind: int
    code: int
    part: float
    name: int
    dateline: bool


_Match = tuple[int, int, int]
"""Name id, start, end of something that looks like a place."""
_Place = tuple[int, int, int, int]
"""A match that is one, with the code that its apposition forces ("Paris, Texas"), or -1."""
_START = itemgetter(1)
_CAPITAL_DOUBTS = SMALL | GIVEN
_DOUBTS = SMALL | GIVEN | COMMON
"""Flags of a name that, where its surroundings say nothing, leave it to the rest of the text."""
_JUDGED = frozenset({CITY, CAPITAL})
"""Kinds that need a look at their surroundings even without a flag."""
_CAPITALS = bytes(range(ord("A"), ord("Z") + 1))
_CASED, _LOWER, _UPPER = "cased", "lower", "upper"
_DATE = r"(?:,? ?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,? \d{1,2}\.?(?:,? \d{4})?)"
_AGENCY = r"(?: ?\([A-Z][^)\n]{1,40}\)| ?/[A-Z][^/\n]{1,30}/\.?)"
_WORD = r"(?:(?:St|Ft|Mt)\.|(?:[A-Z]\.)+|[A-Z][A-Za-z'/-]*)"
_CAPS = r"(?:(?:ST|FT|MT)\. )?[A-Z][A-Z'/-]{2,}"
_STATE = r"(?:,? [A-Z][A-Za-z]*\.?| (?:[A-Z]\.){2,}|, (?:[A-Z]\.){2,})"
_END = r" ?(?:--?|:|(?<=/\.)) "
_DATELINE = re.compile(
    rf"^({_WORD}(?: {_WORD}){{0,3}}{_STATE}?){_END}"
    rf"|(?<![A-Za-z])(?:({_CAPS}(?: {_WORD}){{0,3}}{_STATE}?){_DATE}?{_AGENCY}?{_END}"
    rf"|({_WORD}(?: {_WORD}){{0,3}}{_STATE}?)(?:{_DATE}\.?{_AGENCY}?|{_AGENCY}){_END})"
)
DATELINE_WITHIN = 400
WITH_STATE = frozenset({"US", "CA", "AU"})
"""Where a town is written with its state or province, which then decides, whatever namesakes the tables know."""
_PREFIX = re.compile(r"(?:inter|pan|afro|non|trans|intra)-$", re.IGNORECASE)
_BEFORE_MONEY = " -"
_MONEY = re.compile(
    r"[ -](?:dollar|dlr|pound|franc|mark|yen|rupee|peso|crown|krone|krona|rand|won|yuan|dinar|riyal|ringgit|lira|peseta"
    r"|guilder|schilling|escudo|bond)s?\b",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BEFORE_ACRONYM = ("THE ", " IN ", " BY ", "ROM ", " OF ", "AND ")
"""Ends of words after which two capitals in a text of capitals are a country and not a pronoun."""
_STRONG = _words("in near outside around across throughout inside In Near Outside Around Across Throughout")
_PLAIN = _words(
    """The A An At From To Of For On And Or But With By As After Before While When Where Since Until Under Over
    Between Against Into Through Via Than That This These Those If Is Are Was Were Has Have Had Will May Can Not No
    All Both Also Why How What Who North South East West Northern Southern Eastern Western Central Greater Downtown
    Inner Upper Lower Northeast Northwest Southeast Southwest Mid Metro Old Modern Ancient Nazi Communist Soviet
    Occupied Rural Urban Its His Her Their Our Your My New Meanwhile However Today Yesterday Now Then Only Even Some
    Many Most Several Because Although Though Despite During Like Unlike Visit City Like Back Wartime Imperial
    Colonial"""
)
_PERSON_TITLES = _words(
    """Mr Mrs Ms Miss Dr Sir Dame Lord Lady President Sen Rep Gov Senator Governor Justice Judge Prof Professor Captain
    Capt Col Colonel Gen General Sgt Lt Maj Officer Detective Sheriff Rev Reverend Father Sister Coach Congressman
    Congresswoman Congressmen Secretary Councillor Cllr Inspector Superintendent Sergeant Constable Representative St
    Mr. Mrs. Ms. Dr. Sen. Rep. Gov. Prof. Capt. Col. Gen. Sgt. Lt. Maj. Rev. Messrs. mr mrs ms dr sir"""
)
_PLACE_NOUNS = _words(
    """Airport Airlines Airways University Police Council Court Hospital City Street Bank Radio Television TV Times Post
    Stock Exchange Metropolitan County State River Valley Bay Beach Port Harbour Harbor Island Islands Mayor Parliament
    Government Olympics Marathon Fire Department School College Museum Zoo Cathedral Bridge Stadium Open Summit Tech
    Supreme High District Central National International Army Navy Ministry Foreign Prime Rail Railway Station Fashion
    Film Festival Tribune Globe Herald Daily Chamber Institute Power Electric Steel Oil Gas Telecom Football Rugby
    Cricket Red West East North South River Medical Center Centre Group Southern Northern Public Senate House Republic
    Republican Democrat Republicans Democrats Democratic Bulldogs"""
)


class Gazetteer:
    """Finds the mentions of places in texts. Immutable after loading; safe to share between threads."""

    def __init__(self, state: GazetteerState) -> None:
        self._state = state
        self.codes: Sequence[str] = state["codes"]
        self._names = state["names"].split("\n") if state["names"] else []
        self._kinds = state["kinds"]
        self._flags = state["flags"]
        self._first = state["first"]
        self._options = state["options"]
        self._shared = frozenset(state["shared"])

    def state(self) -> GazetteerState:
        """Return what a bundle keeps."""
        return self._state

    def name(self, name: int) -> str:
        """Return the name that a mention matched, as the tables spell it."""
        return self._names[name]

    @cached_property
    def _cased(self) -> tuple[AhoCorasick, list[int]]:
        """Matcher of names as written, capitalised, and in capitals, with the name of each pattern."""
        patterns: dict[str, int] = {}
        listed = [(i, name) for i, name in enumerate(self._names) if not self._flags[i] & UNCASED]
        patterns.update((name, i) for i, name in listed)
        for i, name in listed:
            patterns.setdefault(name[0].upper() + name[1:], i)
            patterns.setdefault(name.upper(), i)
        return _matcher(patterns)

    @cached_property
    def _folded(self) -> tuple[AhoCorasick, list[int]]:
        """Matcher of names in lower case; short acronyms are left out, for they are words there ("us", "who")."""
        patterns: dict[str, int] = {}
        for i, name in enumerate(self._names):
            if not (name.isupper() and len(name) <= 3) or name == "UK":
                patterns.setdefault(name.lower(), i)
        return _matcher(patterns)

    def find(self, text: str, *, dateline: bool = True) -> list[Found]:
        """Return the mentions of a normalised text in order."""
        mode = _mode(text)
        matcher, name_of = self._folded if mode == _LOWER else self._cased
        haystack = text.lower() if mode == _LOWER else text
        length = len(text)
        matches: list[_Match] = []
        for pattern, start, end in matcher.find_matches_as_indexes(haystack):
            if (end < length and text[end].isalnum()) or (start and text[start - 1].isalnum()):
                continue
            matches.append((name_of[pattern], start, end))
        if not matches:
            return []
        spot = dateline_span(text) if dateline and mode == _CASED else (0, 0)
        return self._resolved(text, self._accepted(text, mode, matches, spot), spot)

    def _accepted(self, text: str, mode: str, matches: Sequence[_Match], spot: tuple[int, int]) -> list[_Place]:
        """Return the matches that are places, in order.

        A country, an institution and the like is one unless it is flagged; a city or a flagged name is judged by its
        surroundings, and if those say little, by the rest of the text.
        """
        kinds, flags = self._kinds, self._flags
        sure: list[_Place] = []
        doubtful: list[_Place] = []
        signs: dict[int, int] = {}
        upper = mode == _UPPER
        for at, (name, start, end) in enumerate(matches):
            kind, flag = kinds[name], flags[name]
            if kind == IGNORED or (
                (upper or (start and text[start - 1] == "-")) and _is_part_of_a_word(text, mode, start, end)
            ):
                continue
            if kind not in _JUDGED and not flag & ~UNCASED:
                sure.append((name, start, end, -1))
                continue
            forced, doubt = self._within(text, matches, at), 0
            if forced >= 0 or spot[0] <= start < spot[1]:
                sign = 1
            else:
                sign = _sign(text, start, end, mode, flag)
                doubt = flag & (
                    SMALL if sign > 0 else _CAPITAL_DOUBTS if kind == CAPITAL and mode != _LOWER else _DOUBTS
                )
            if sign > 0:
                signs[name] = 1
            elif sign < 0:
                signs.setdefault(name, -1)
                continue
            (doubtful if doubt else sure).append((name, start, end, forced))
        return self._with_supported(sure, doubtful, signs) if doubtful else sure

    def _with_supported(self, sure: list[_Place], doubtful: Sequence[_Place], signs: Mapping[int, int]) -> list[_Place]:
        """Add the doubtful mentions for which the rest of the text speaks; `signs` by name, see `_sign`.

        A small city needs a sure mention of its country, a word or family name needs a sign at one of its mentions, and
        a name that is a person's anywhere is a person's.
        """
        flags = self._flags
        countries = {self._first[place[0]] for place in sure}
        for place in doubtful:
            name = place[0]
            sign, flag = signs.get(name, 0), flags[name]
            if sign < 0 or (flag & COMMON and sign == 0) or (flag & SMALL and not self._supported(name, countries)):
                continue
            sure.append(place)
        sure.sort(key=_START)
        return sure

    def _supported(self, name: int, countries: set[int]) -> bool:
        options = self._options.get(name)
        return self._first[name] in countries if options is None else any(o[0] in countries for o in options)

    def _within(self, text: str, matches: Sequence[_Match], at: int) -> int:
        """Return the code of the country or division that follows in apposition ("Paris, Texas"), or -1."""
        if at + 1 >= len(matches):
            return -1
        name, _, end = matches[at]
        following, start, _ = matches[at + 1]
        if start - end > 3 or text[end:start] not in (", ", " , ", " ("):
            return -1
        if self._kinds[following] not in (COUNTRY, DIVISION, CAPITAL):
            return -1
        code = self._first[following]
        options = self._options.get(name)
        known = [self._first[name]] if options is None else [o[0] for o in options]
        others = self._options.get(following)
        if others is not None:
            both = [o[0] for o in others if o[0] in known]
            return both[0] if both else -1
        if code in known:
            return code
        return code if self._kinds[following] == DIVISION and self.codes[code] in WITH_STATE else -1

    def _resolved(self, text: str, places: Sequence[_Place], spot: tuple[int, int]) -> list[Found]:
        """Give each mention its country: the forced one, or the one for which prior and the other mentions speak."""
        kinds, first, options, shared = self._kinds, self._first, self._options, self._shared
        evidence: dict[int, float] = {}
        for name, _, _, forced in places:
            if forced >= 0 or name not in options:
                code = forced if forced >= 0 else first[name]
                evidence[code] = evidence.get(code, 0.0) + 1.0
        found: list[Found] = []
        choice: dict[int, int] = {}
        begin, stop = spot
        for name, start, end, forced in places:
            in_dateline = begin <= start < stop
            kind, code = kinds[name], forced
            if code < 0:
                if name not in options:
                    code = first[name]
                elif name in shared:
                    for each, weight, _ in options[name]:
                        found.append(Found(start, end, kind, each, weight, name, in_dateline))
                    continue
                else:
                    code = choice[name] if name in choice else choice.setdefault(name, self._choose(name, evidence))
            if kind <= DEMONYM and text[end : end + 1] in _BEFORE_MONEY and _MONEY.match(text, end):
                kind = CUE
            found.append(Found(start, end, kind, code, 1.0, name, in_dateline))
        return found

    def _choose(self, name: int, evidence: dict[int, float]) -> int:
        best, best_weight = -1, -1.0
        total = sum(evidence.values()) or 1.0
        for code, prior, near in self._options[name]:
            support = evidence.get(code, 0.0) + 0.5 * sum(evidence.get(n, 0.0) for n in near)
            weight = prior * (0.1 + support / total)
            if weight > best_weight:
                best, best_weight = code, weight
        return best


def _matcher(patterns: dict[str, int]) -> tuple[AhoCorasick, list[int]]:
    matcher = AhoCorasick(
        list(patterns),
        matchkind=MatchKind.LeftmostLongest,
        store_patterns=False,
        implementation=Implementation.ContiguousNFA,
    )
    return matcher, list(patterns.values())


def _mode(text: str) -> str:
    head = text[:600]
    capitals = len(head) - len(head.encode("latin-1", "replace").translate(None, _CAPITALS))
    if capitals * 120 < len(head):
        return _LOWER
    return _UPPER if head == head.upper() else _CASED


def dateline_span(text: str) -> tuple[int, int]:
    """Return the span of the place in the text's dateline, (0, 0) if it has none in its first DATELINE_WITHIN."""
    stop = max(text.rfind(mark, 0, DATELINE_WITHIN) for mark in ("- ", ": ", "/. "))
    if stop < 0:
        return 0, 0
    match = _DATELINE.search(text, 0, stop + 3)
    return match.span(match.lastindex or 0) if match else (0, 0)


def _is_part_of_a_word(text: str, mode: str, start: int, end: int) -> bool:
    """Say whether a match is the end of a compound ("Inter-American"), or "US" that may be a pronoun in capitals."""
    if mode == _UPPER and end - start == 2 and start and not text.startswith(_BEFORE_ACRONYM, max(0, start - 4)):
        return True
    return start > 1 and text[start - 1] == "-" and _PREFIX.search(text, max(0, start - 7), start) is not None


def _sign(text: str, start: int, end: int, mode: str, flag: int) -> int:
    """Return 1 where the surroundings say "place", -1 where they say "person or organisation", else 0."""
    sign = 0
    if start and text[start - 1] == " ":
        before = text[text.rfind(" ", max(0, start - 24), start - 1) + 1 : start - 1] if start > 1 else ""
        before = before.rpartition("\n")[2]
        if before in _STRONG and not (flag & COMMON and before[0].isupper()):
            return 1
        if before in _PERSON_TITLES:
            return -1
        if mode == _CASED and before[:1].isupper() and before not in _PLAIN and before[-1:].isalpha():
            sign = -1
    if flag & GIVEN and mode == _CASED and text[end : end + 1] == " " and text[end + 1 : end + 2].isupper():
        stop = text.find(" ", end + 1, end + 25)
        following = text[end + 1 : stop if stop > 0 else end + 25].rstrip(".,;:?!'")
        if following not in _PLACE_NOUNS:
            return -1
    return sign
