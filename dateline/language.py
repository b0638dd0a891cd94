"""Which language a text is in. Dateline's models read English only and say so for anything else.

Detection is CLD2's (Apache 2.0), which looks at the first characters only, so that its cost has a bound.
"""

import pycld2

from dateline.results import Language

UNDETERMINED = Language("und", 0.0)
ENGLISH = "en"

_MAX_CHARS = 400
_MIN_LETTERS = 60
_NAMES = {code: name.title() for name, code in pycld2.LANGUAGES}


def detect(normalised: str) -> Language:
    """Return the language of a normalised text, `und` where it is too short or too mixed to tell."""
    sample = normalised[:_MAX_CHARS]
    if len(sample) < _MIN_LETTERS and sample.isascii():
        return UNDETERMINED
    try:
        reliable, _, details = pycld2.detect(sample, isPlainText=True)
    except pycld2.error:
        return UNDETERMINED
    _, code, percent, _ = details[0]
    if not reliable or code == "un":
        return UNDETERMINED
    return Language(code, percent / 100)


def name(code: str) -> str:
    """Return the English name of a language that `detect` returned."""
    return str(_NAMES.get(code, code))
