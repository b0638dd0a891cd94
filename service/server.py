"""Runs the app under gunicorn. The model is loaded once, before the workers fork, so that they share its memory.

Each worker then watches for another version to serve (`serving.py`) and counts what it answers (`drift.py`).
"""

import gc
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from dateline.settings import Settings
from service import drift, serving


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings instead of a configuration file. `on_ready` is called once it listens."""

    def __init__(self, app: Flask, settings: Settings, on_ready: Any = None) -> None:
        self._app = app
        self._settings = settings
        self._on_ready = on_ready
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options."""
        options = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.workers,
            "worker_class": "service.worker.Worker",
            "threads": 4,
            "keepalive": 30,
            "preload_app": True,
            "timeout": 60,
            "graceful_timeout": 20,
            "worker_tmp_dir": "/dev/shm",  # noqa: S108 - memory, so that a read-only root suffices
            "control_socket_disable": True,
            "when_ready": self._ready,
            "post_worker_init": self._begin_watching,
            "worker_exit": self._flush_counters,
            "child_exit": self._forget,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app, frozen out of garbage collection so that forked workers keep sharing it."""
        gc.collect()
        gc.freeze()
        return self._app

    def _begin_watching(self, _worker: Any) -> None:
        self._app.extensions[serving.EXTENSION].watch()
        self._app.extensions[drift.EXTENSION].watch()

    def _flush_counters(self, _arbiter: Any, _worker: Any) -> None:
        self._app.extensions[drift.EXTENSION].flush()

    def _forget(self, _arbiter: Any, worker: Any) -> None:
        worker.forget()

    def _ready(self, _arbiter: Any) -> None:
        if self._on_ready:
            self._on_ready()
