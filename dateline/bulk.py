"""Many texts: JSON Lines and files in, one JSON line out for each, in order, on all cores and in little memory.

The part of `python -m dateline classify` that knows no terminal. The first texts are answered in this process, so that
a few of them pay for no other; the rest goes in chunks to worker processes, forked from this one where that can be:
they are there at once and share its model. Must not import the service.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from threading import Event
from typing import IO, Any, NamedTuple

import joblib
import orjson

from dateline.analyser import Analyser, load
from dateline.draft import Text
from dateline.errors import DatelineError, EmptyText, InvalidText, UnknownCountry
from dateline.settings import load_settings

_ALONE = 128
"""So many texts take as long as it takes to start the worker processes."""
_CHUNK_TEXTS, _CHUNK_BYTES = 64, 512 * 1024
_AHEAD = 3
"""Chunks that are given to each worker before the answers to the first are waited for."""


class Raw(NamedTuple):
    """A text as read: where it stands, what is there, and the name of the file where the whole file is the text."""

    where: str
    content: bytes
    name: str | None = None


@dataclass(frozen=True)
class Options:
    """How to answer; `max_chars` is the longest text or title accepted."""

    max_chars: int
    home_country: str | None = None
    explain: bool = False


class Answers(NamedTuple):
    """What `n` texts, read from `size` bytes, were answered: JSON lines, and what was wrong with the bad ones."""

    lines: bytes
    errors: list[str]
    n: int
    size: int


class Begun(NamedTuple):
    """What an interrupted run has written: how many answers, the id of the last, the model that gave them."""

    n: int
    last_id: Any
    model: str | None


def cores() -> int:
    """Return how many processes this machine, container or affinity mask lets run at once."""
    return int(joblib.cpu_count())


def read_raw(files: Iterable[tuple[Path, IO[bytes] | None]]) -> Iterator[Raw]:
    """Yield the texts of files; one with an open stream, or named *.jsonl, is JSON Lines, any other is one text."""
    for path, stream in files:
        if stream is not None:
            yield from _lines("standard input", stream)
        elif path.suffix == ".jsonl":
            with path.open("rb") as opened:
                yield from _lines(str(path), opened)
        else:
            yield Raw(str(path), path.read_bytes(), path.name)


def answer_all(
    raws: Iterator[Raw], folder: Path, options: Options, *, jobs: int, prompt: bool = False
) -> Iterator[Answers]:
    """Yield the answers to texts, in order, from the model version in `folder`; if `prompt`, text by text as they come.

    Raises NoModel or InvalidModel.
    """
    analyser = _analyser(folder)
    for raw in raws if prompt else islice(raws, _ALONE):
        yield _answer_whole(analyser, [raw], options)
    chunks = _chunks(raws)
    if jobs == 1:
        yield from (_answer_whole(analyser, chunk, options) for chunk in chunks)
    elif (first := next(chunks, None)) is not None:
        yield from _in_processes(chain([first], chunks), folder, options, jobs=jobs)


def _in_processes(chunks: Iterable[list[Raw]], folder: Path, options: Options, *, jobs: int) -> Iterator[Answers]:
    """Yield the answers to chunks, in order, from processes; forked ones have the model from the start."""
    how = get_context("fork" if "fork" in get_all_start_methods() else None)
    with ProcessPoolExecutor(jobs, mp_context=how, initializer=_begin_worker) as workers:
        begun: deque[Future[Answers]] = deque()
        for chunk in chunks:
            begun.append(workers.submit(_answer_in_worker, chunk, folder, options))
            if len(begun) > _AHEAD * jobs:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _answer_whole(analyser: Analyser, raws: Sequence[Raw], options: Options) -> Answers:
    """Return the answers; Ctrl-C waits until they are made: in the middle of compiled code, it would get lost."""
    asked = Event()
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        answers = answer(analyser, raws, options)
    finally:
        signal.signal(signal.SIGINT, before)
    if asked.is_set():
        raise KeyboardInterrupt
    return answers


def answer(analyser: Analyser, raws: Sequence[Raw], options: Options) -> Answers:
    """Return the answers to texts; one that is none gets its id and an "error"."""
    read = [_read(raw, options) for raw in raws]
    analyses = iter(analyser.analyse_many([text for _, text in read if isinstance(text, Text)]))
    lines, errors = [], []
    for raw, (id, text) in zip(raws, read, strict=True):
        analysis = next(analyses) if isinstance(text, Text) else text
        if isinstance(analysis, UnknownCountry):
            raise analysis
        if isinstance(analysis, EmptyText):
            analysis = analyser.no_answer(str(analysis))
        if isinstance(analysis, Exception):
            answered = {"id": id, "error": str(analysis)}
            errors.append(f"{raw.where}: {analysis}")
        else:
            answered = analysis.to_dict(id=id)
        lines.append(orjson.dumps(answered, option=orjson.OPT_APPEND_NEWLINE))
    return Answers(b"".join(lines), errors, len(lines), sum(len(raw.content) for raw in raws))


def _read(raw: Raw, options: Options) -> tuple[Any, Text | InvalidText]:
    """Return the id of an item and its text, or what is wrong with it."""
    id: Any = raw.name
    try:
        item = parse(raw)
        id = item.get("id")
        text, title = _checked(item, options.max_chars)
    except InvalidText as error:
        return id, error
    return id, Text(text, title, options.home_country, options.explain)


def parse(raw: Raw) -> dict[str, Any]:
    """Return the item that a text was read as. Raises InvalidText."""
    if raw.name is not None:
        try:
            return {"id": raw.name, "text": raw.content.decode("utf-8-sig")}
        except UnicodeDecodeError as error:
            raise InvalidText(f"not UTF-8: {error}") from None
    try:
        item = orjson.loads(raw.content)
    except orjson.JSONDecodeError as error:
        raise InvalidText(f"not JSON: {error}") from None
    if not isinstance(item, dict):
        raise InvalidText("a JSON object is needed")
    return item


def begun(output: Path) -> Begun:
    """Return what stands in the output of an interrupted run, after cutting off half a last line."""
    n, model, last, end = 0, None, b"", 0
    with output.open("r+b") as written:
        for line in written:
            if not line.endswith(b"\n"):
                break
            n, end, last = n + 1, end + len(line), line
            if model is None:
                model = _of_answer(line, output).get("model")
        written.truncate(end)
        written.flush()
        os.fsync(written.fileno())
    return Begun(n, _of_answer(last, output).get("id") if n else None, model)


def skip(raws: Iterator[Raw], done: Begun) -> int:
    """Move past the texts that are answered and return their bytes.

    Raises DatelineError if the answers are not those of these texts.
    """
    last, size = None, 0
    for last in islice(raws, done.n):
        size += len(last.content)
    try:
        id = parse(last).get("id") if last is not None else None
    except InvalidText:
        id = last.name if last is not None else None
    if id != done.last_id:
        raise DatelineError(f"the output is not of this input: its answer {done.n} is to {done.last_id!r}, not {id!r}")
    return size


def _of_answer(line: bytes, output: Path) -> dict[str, Any]:
    try:
        answered = orjson.loads(line)
    except orjson.JSONDecodeError:
        answered = None
    if not isinstance(answered, dict):
        raise DatelineError(f"{output}: not the output of this command")
    return answered


@cache
def _analyser(folder: Path) -> Analyser:
    return load(folder, signing=load_settings().signing)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end when that is gone, whichever way it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _answer_in_worker(raws: list[Raw], folder: Path, options: Options) -> Answers:
    return answer(_analyser(folder), raws, options)


def _lines(name: str, lines: IO[bytes]) -> Iterator[Raw]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield Raw(f"{name}:{number}", line)


def _chunks(raws: Iterable[Raw]) -> Iterator[list[Raw]]:
    chunk: list[Raw] = []
    size = 0
    for raw in raws:
        chunk.append(raw)
        size += len(raw.content)
        if len(chunk) >= _CHUNK_TEXTS or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _checked(item: dict[str, Any], limit: int) -> tuple[str, str]:
    text, title = item.get("text"), item.get("title") or ""
    for name, value in (("text", text), ("title", title)):
        if not isinstance(value, str):
            raise InvalidText(f"{name}: a string is needed")
        if len(value) > limit:
            raise InvalidText(f"{name}: {len(value):,} characters, the limit is {limit:,} (DATELINE_MAX_TEXT_CHARS)")
    return str(text), title
