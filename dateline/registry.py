"""The model versions in `models/`: which there are, which one serves, and how that changes.

`CURRENT` names the serving version on its first line and the versions it replaced below, newest first. It is replaced
as a whole, so a reader sees the old or the new list and never half of one. Whoever writes holds a lock that the system
gives back when the process ends, however it ends: one training at a time, one change of `CURRENT` at a time. Readers
need no lock and no right to write.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from dateline import bundle
from dateline.errors import Busy, NoModel, UnknownVersion

_CURRENT = "CURRENT"
_STAGING_PREFIX = ".tmp-"
_DOOMED_PREFIX = ".old-"
_TRAINING_LOCK = ".training.lock"
_CURRENT_LOCK = ".current.lock"
_REMEMBERED = 100


def new_version(now: datetime | None = None) -> str:
    """Return a fresh version name: UTC time and a random suffix, sortable by age."""
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H-%M-%SZ")
    return f"{moment}-{token_hex(2)}"


def version_of(folder: Path) -> str:
    """Return the version that a staged or published folder holds."""
    return folder.name.removeprefix(_STAGING_PREFIX)


class Registry:
    """The versions below one models folder."""

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def versions(self) -> list[str]:
        """Return the complete versions, oldest first."""
        if not self.models_dir.is_dir():
            return []
        manifests = self.models_dir.glob(f"[!.]*/{bundle.MANIFEST}")
        return sorted(path.parent.name for path in manifests)

    def current(self) -> str:
        """Return the serving version. Raises NoModel if there is none yet."""
        history = self.history()
        if not history:
            raise NoModel(f"no current model in {self.models_dir}; make one with: python -m training train")
        return history[0]

    def history(self) -> list[str]:
        """Return the serving version and those it replaced, newest first."""
        try:
            return (self.models_dir / _CURRENT).read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def folder(self, version: str | None = None) -> Path:
        """Return the folder of a version, of the current one by default. Raises NoModel or UnknownVersion."""
        version = version or self.current()
        if version not in self.versions():
            raise UnknownVersion(f"no model version {version!r} in {self.models_dir}; see: python -m training list")
        return self.models_dir / version

    @contextmanager
    def stage(self, version: str) -> Iterator[Path]:
        """Give a new empty folder to write a version into, to one process at a time; `publish` makes it visible.

        Clears what crashed processes left. A folder that is not published goes when the block ends.
        Raises Busy while another process stages.
        """
        with self._lock(_TRAINING_LOCK, "another training is at work", wait=False):
            self._clear_strays()
            folder = self.models_dir / f"{_STAGING_PREFIX}{version}"
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, staged: Path) -> str:
        """Give a staged folder its version name, in one step. It does not serve until promoted."""
        version = version_of(staged)
        staged.rename(self.models_dir / version)
        bundle.sync(self.models_dir)
        return version

    def promote(self, version: str) -> None:
        """Make a version the serving one. Raises UnknownVersion."""
        self.folder(version)
        with self._lock(_CURRENT_LOCK):
            history = self.history()
            if history[:1] != [version]:
                self._write([version, *history])

    def rollback(self) -> str:
        """Go back to the version that served before and return it. Raises NoModel if there is none."""
        with self._lock(_CURRENT_LOCK):
            replaced = self._replaced(self.versions())
            if not replaced:
                raise NoModel(f"nothing to roll back to: no earlier version has served from {self.models_dir}")
            self._write(replaced)
            return replaced[0]

    def prunable(self, *, keep: int) -> list[str]:
        """Return the versions that `prune` would remove, oldest first.

        Kept are the serving version, the `keep` newest and the `keep` last that served before.
        """
        versions = self.versions()
        kept = {*self.history()[:1], *versions[max(0, len(versions) - keep) :], *self._replaced(versions)[:keep]}
        return [version for version in versions if version not in kept]

    def prune(self, versions: Sequence[str]) -> None:
        """Remove versions that do not serve. Raises UnknownVersion, or Busy for the one that serves."""
        with self._lock(_CURRENT_LOCK):
            history = self.history()
            for version in versions:
                folder = self.folder(version)
                if history[:1] == [version]:
                    raise Busy(f"{version} serves; promote another version before removing it")
                doomed = self.models_dir / f"{_DOOMED_PREFIX}{version}"
                folder.rename(doomed)
                shutil.rmtree(doomed)
            if history:
                self._write([version for version in history if version not in versions])

    def _replaced(self, versions: Sequence[str]) -> list[str]:
        history = self.history()
        there = [version for version in history[1:] if version in versions]
        return there[next((i for i, version in enumerate(there) if version != history[0]), len(there)) :]

    def _clear_strays(self) -> None:
        with self._lock(_CURRENT_LOCK):
            for prefix in (_STAGING_PREFIX, _DOOMED_PREFIX):
                for stray in self.models_dir.glob(f"{prefix}*"):
                    if stray.is_dir():
                        shutil.rmtree(stray, ignore_errors=True)
                    else:
                        stray.unlink()

    def _write(self, history: list[str]) -> None:
        temporary = self.models_dir / f"{_STAGING_PREFIX}{_CURRENT}"
        temporary.write_text("\n".join(history[:_REMEMBERED]) + "\n", encoding="utf-8")
        bundle.sync(temporary)
        temporary.replace(self.models_dir / _CURRENT)
        bundle.sync(self.models_dir)

    @contextmanager
    def _lock(self, name: str, busy: str = "", *, wait: bool = True) -> Iterator[None]:
        """Hold a lock file of the models folder. Raises Busy with the reason if that takes waiting, unless `wait`."""
        self.models_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.models_dir / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            raise Busy(f"{busy} in {self.models_dir}; let it finish, or stop it") from None
        try:
            yield
        finally:
            os.close(descriptor)
