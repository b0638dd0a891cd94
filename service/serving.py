"""Which model version this process answers with, and how it changes while requests run.

Each server process holds one analyser. A thread looks at `CURRENT` every second or so; when it names another version,
that is loaded and checked off to the side and then takes the old one's place in one assignment. A request takes the
analyser once, at its start, so no answer mixes versions. A version that fails its checks is refused: the old one goes
on, and the refusal is logged and shown by `/health/ready` and `/v1/models`. Knows nothing of routes.
"""

import gc
import logging
import threading
import time
from dataclasses import dataclass

from flask import current_app, g

from dateline.analyser import Analyser, load
from dateline.errors import DatelineError
from dateline.registry import Registry
from dateline.settings import Settings

EXTENSION = "dateline.serving"
_RETRY_SECONDS = 30.0
"""A refused version is tried again this often: someone may have put it right in place."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that was to serve and does not, and why."""

    version: str
    reason: str


class Serving:
    """The analyser of this process. Make it before forking, so that the processes share the first one's memory."""

    def __init__(self, settings: Settings, analyser: Analyser) -> None:
        self.registry = Registry(settings.models_dir)
        self.refusal: Refusal | None = None
        self._settings = settings
        self._analyser = analyser
        self._retry_at = 0.0

    @classmethod
    def start(cls, settings: Settings) -> "Serving":
        """Return one that holds the current version. Raises NoModel or InvalidModel if that cannot serve."""
        return cls(settings, load(Registry(settings.models_dir).folder(), signing=settings.signing))

    @property
    def analyser(self) -> Analyser:
        """The analyser to answer with now; take it once per request."""
        return self._analyser

    def refresh(self) -> None:
        """Look at CURRENT once and, if it names another version, let that serve or refuse it. Raises nothing."""
        version = "CURRENT"
        try:
            version = self.registry.current()
            if version == self._analyser.version:
                self.refusal = None
                return
            if self.refusal and self.refusal.version == version and time.monotonic() < self._retry_at:
                return
            analyser = load(self.registry.folder(version), signing=self._settings.signing)
        except (DatelineError, OSError, ValueError) as error:
            self._refuse(version, str(error))
        except Exception as error:
            log.exception("model %s could not be loaded", version)
            self._refuse(version, f"could not be loaded ({type(error).__name__}); the server's log says more")
        else:
            before, self._analyser, self.refusal = self._analyser.version, analyser, None
            log.warning("model %s serves now, after %s", version, before)
            del analyser
            gc.collect()  # the old version's memory, once its last request ends

    def watch(self) -> None:
        """Refresh now and, in a thread of its own, for as long as the process lives. Call it after forking."""
        self.refresh()
        threading.Thread(target=self._watch, name="dateline-watch", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._settings.reload_seconds)
            self.refresh()

    def _refuse(self, version: str, reason: str) -> None:
        refusal = Refusal(version, reason.replace(f"{self._settings.models_dir}/", ""))
        if refusal != self.refusal:
            log.error("model %s was refused, %s goes on: %s", version, self._analyser.version, reason)
        self.refusal, self._retry_at = refusal, time.monotonic() + _RETRY_SECONDS


def serving() -> Serving:
    """Return the serving state of the current app."""
    found: Serving = current_app.extensions[EXTENSION]
    return found


def analyser() -> Analyser:
    """Return the analyser of the current request, the same one from its start to its end."""
    taken: Analyser = g.analyser
    return taken


def take_analyser() -> None:
    """Fix the analyser that the current request answers with. Runs before each request."""
    g.analyser = serving().analyser
