"""The model versions in `models/`: which there are, which one serves, and how that changes.

`CURRENT` names the serving version on its first line and the versions it replaced below, newest first. It is replaced
as a whole, so a reader sees the old or the new list and never half of one.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from dateline import bundle
from dateline.errors import NoModel, UnknownVersion

_CURRENT = "CURRENT"
_STAGING_PREFIX = ".tmp-"


def new_version(now: datetime | None = None) -> str:
    """Return a fresh version name: UTC time and a random suffix, sortable by age."""
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H-%M-%SZ")
    return f"{moment}-{token_hex(2)}"


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
        history = self._history()
        if not history:
            raise NoModel(f"no current model in {self.models_dir}; make one with: python -m training train")
        return history[0]

    def folder(self, version: str | None = None) -> Path:
        """Return the folder of a version, of the current one by default. Raises NoModel or UnknownVersion."""
        version = version or self.current()
        if version not in self.versions():
            raise UnknownVersion(f"no model version {version!r} in {self.models_dir}; see: python -m training list")
        return self.models_dir / version

    def stage(self, version: str) -> Path:
        """Return a new empty folder to write a version into; `publish` makes it visible."""
        self.models_dir.mkdir(parents=True, exist_ok=True)
        for stray in self.models_dir.glob(f"{_STAGING_PREFIX}*"):
            shutil.rmtree(stray, ignore_errors=True)
        folder = self.models_dir / f"{_STAGING_PREFIX}{version}"
        folder.mkdir()
        return folder

    def publish(self, staged: Path) -> str:
        """Give a staged folder its version name, in one step. It does not serve until promoted."""
        version = staged.name.removeprefix(_STAGING_PREFIX)
        staged.rename(self.models_dir / version)
        bundle.sync(self.models_dir)
        return version

    def promote(self, version: str) -> None:
        """Make a version the serving one. Raises UnknownVersion."""
        self.folder(version)
        history = self._history()
        if history[:1] != [version]:
            self._write([version, *history])

    def rollback(self) -> str:
        """Go back to the version that served before and return it. Raises NoModel if there is none."""
        replaced = [v for v in self._history()[1:] if v in self.versions()]
        if not replaced:
            raise NoModel(f"nothing to roll back to: no earlier version has served from {self.models_dir}")
        self._write(replaced)
        return replaced[0]

    def _history(self) -> list[str]:
        try:
            return (self.models_dir / _CURRENT).read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def _write(self, history: list[str]) -> None:
        temporary = self.models_dir / f"{_STAGING_PREFIX}{_CURRENT}-{os.getpid()}"
        temporary.write_text("\n".join(history) + "\n", encoding="utf-8")
        bundle.sync(temporary)
        temporary.replace(self.models_dir / _CURRENT)
        bundle.sync(self.models_dir)
