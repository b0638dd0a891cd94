"""The worker process: gunicorn's threaded one, which answers short requests that are there as a whole without a thread.

Classifying is computing: threads at it only take the interpreter from each other, and to hand a request to one and its
end back costs more than Flask does. So the thread that waits for connections answers them itself. What may take long
(a large body, many texts, the database) or has not come in yet goes to the pool, as always. A new connection waits for
its first byte like any other: gunicorn's own keeps a thread waiting for it, and a few idle clients stop all others.
Workers share new connections evenly; left alone, one takes most of what comes at once. Knows no Flask.
"""

import mmap
import socket
import time
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

_AT_ONCE = (b"POST /v1/classify HTTP/1.1\r\n", b"GET /health/live HTTP/1.1\r\n", b"GET /health/ready HTTP/1.1\r\n")
_SHORT = 32 * 1024
"""Bytes of a request whose answer takes a few milliseconds at most."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_SLOTS = 256
_GIVE_WAY_SECONDS = 0.0005
"""So long a worker leaves a new connection to those that hold fewer; one that is idle takes it in a tenth of that."""

_held = memoryview(mmap.mmap(-1, 4 * _SLOTS)).cast("I")
"""How many connections each worker holds, plus one; 0 for a slot that has no worker. Shared by all that are forked."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker of one waiting thread and a pool, with a short way for short requests."""

    def init_process(self) -> None:
        """Tell the others that this worker takes connections, and run."""
        self._count()
        super().init_process()

    def forget(self) -> None:
        """Take a worker that has ended out of the count. Called by the arbiter."""
        _held[self.age % _SLOTS] = 0

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and wait for its first byte."""
        self._count()
        if self.nr_conns >= min(filter(None, _held)):
            time.sleep(_GIVE_WAY_SECONDS)
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._count()
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: TConn) -> None:
        """Answer a request now if that is quick, or let the pool do it."""
        if not _is_short_and_whole(conn.sock):
            super().enqueue_req(conn)
            return
        answered: Future[Any] = Future()
        answered.set_result(self.handle(conn))
        self.finish_request(conn, answered)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for connections and requests and see to them; tell the others how many are held."""
        super().wait_for_and_dispatch_events(timeout)
        self._count()

    def _count(self) -> None:
        _held[self.age % _SLOTS] = self.nr_conns + 1


def _is_short_and_whole(client: socket.socket) -> bool:
    """Return whether all of a short request to a quick path can be read without waiting. Reads nothing."""
    try:
        there = client.recv(_SHORT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    head, end, body = there.partition(_HEAD_END)
    if not end or not there.startswith(_AT_ONCE):
        return False
    length = head.lower().partition(_LENGTH)[2].partition(b"\r")[0].strip()
    return int(length) <= len(body) if length.isdigit() else there.startswith(b"GET")
