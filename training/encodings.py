"""Bytes of a file to text, and the name of the encoding that they turned out to be in. First step of an import."""

import codecs
import re
from dataclasses import dataclass

import charset_normalizer

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""(?:<\?xml[^>]*?encoding|<meta[^>]*?charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE
)
_DECLARED_WITHIN = 2048
_WESTERN = "cp1252"
_MOSTLY_ASCII = 0.12
"""A text with fewer other bytes than this is English with some accents or quotes: Windows-1252, or Latin-1 in it."""


class UnknownEncoding(ValueError):
    """Bytes that are no text in any encoding."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text and the encoding that it was read in."""

    text: str
    encoding: str


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Return the text of a file: by its byte order mark, as UTF-8, as it declares itself, or by its statistics.

    `encoding` says it instead. Raises UnknownEncoding if the bytes are no text, or not in that encoding.
    """
    if encoding is not None:
        return _as(data, encoding)
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _as(data, name)
    try:
        return Decoded(data.decode("utf-8"), "utf-8") if b"\0" not in data else _without_mark(data)
    except UnicodeDecodeError:
        pass
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    if declared:
        try:
            return _as(data, declared[1].decode("ascii"))
        except UnknownEncoding:
            pass
    if b"\0" in data:
        return _without_mark(data)
    return _by_statistics(data)


def _as(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding.lower())
    except (UnicodeError, LookupError) as error:
        raise UnknownEncoding(f"not {encoding}: {error}") from None


def _without_mark(data: bytes) -> Decoded:
    """Read UTF-16 that has no mark: in English every other byte is zero."""
    for name, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if zeros.count(0) > 0.5 * len(zeros):
            return _as(data, name)
    raise UnknownEncoding("not a text file")


def _by_statistics(data: bytes) -> Decoded:
    foreign = sum(byte >= 0x80 for byte in data)
    if foreign <= _MOSTLY_ASCII * len(data):
        try:
            return _as(data, _WESTERN)
        except UnknownEncoding:
            pass
    best = charset_normalizer.from_bytes(data).best()
    if best is None:
        raise UnknownEncoding("its encoding is none that is known; say it with --encoding")
    return _as(data, best.encoding)
