"""The worker process: gunicorn's threaded one, which answers short requests that are there as a whole without a thread.

Classifying is computing: threads at it only take the interpreter from each other, and to hand a request to one and its
end back costs more than Flask does. So the thread that waits for connections answers them itself. It must never wait
for one client, so what may take long (a large body, many texts, the database), has not come in yet, or is odd in any
way, goes to the pool, as always.

Two things more: a new connection waits for its first byte, and one that is done with for the client to close it, like
any other; gunicorn's own keeps a thread waiting for them, and a few idle clients stop all others. And workers share new
connections evenly; left alone, one takes most of what comes at once. Knows no Flask.
"""

import mmap
import select
import socket
import struct
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers import gthread

_AT_ONCE = (b"POST /v1/classify HTTP/1.1\r\n", b"GET /health/live HTTP/1.1\r\n", b"GET /health/ready HTTP/1.1\r\n")
_SHORT = 32 * 1024
"""Bytes of a request whose answer takes a few milliseconds at most."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_DIGITS = 10
_SEND_TIMEOUT = struct.pack("ll", 10, 0)
"""Seconds and microseconds after which a client that takes nothing of its answer loses its connection."""
_SLOTS = 256
_LINGER_SECONDS = 2.0
_GIVE_WAY_SECONDS = 0.0005
"""So long a worker leaves a new connection to those that hold fewer; one that is idle takes it in a tenth of that."""

_held = memoryview(mmap.mmap(-1, 4 * _SLOTS)).cast("I")
"""How many connections each worker holds, plus one; 0 for a slot that has no worker. Shared by all that are forked."""


class Connection(gthread.TConn):  # type: ignore[misc]
    """A connection that is closed without waiting for the client to take note."""

    worker: "Worker"

    def close(self, graceful: bool = False) -> None:
        """Close it, or let the worker do so once the client has read its answer."""
        if graceful:
            self.worker.linger(self)
        else:
            super().close()


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker of one waiting thread and a pool, with a short way for short requests."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lingering: deque[Connection] = deque()

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
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIMEOUT)
        self.nr_conns += 1
        self._count()
        conn = Connection(self.cfg, client, address, listener.getsockname())
        conn.worker = self
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: Connection) -> None:
        """Answer a request now if that is quick, or let the pool do it."""
        if not _is_short_and_whole(conn):
            super().enqueue_req(conn)
            return
        answered: Future[Any] = Future()
        answered.set_result(self.handle(conn))
        self.finish_request(conn, answered)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for connections and requests and see to them; tell the others how many are held."""
        super().wait_for_and_dispatch_events(timeout)
        while self._lingering and self._lingering[0].timeout <= time.monotonic():
            self._end(self._lingering[0])
        self._count()

    def linger(self, conn: Connection) -> None:
        """Say that no more will come and close when the client has: it would lose an answer that it has not yet read.

        Gunicorn's own waits for that, and lets all others wait. Source: RFC 9112, section 9.6.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        conn.timeout = time.monotonic() + _LINGER_SECONDS
        self._lingering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        try:
            more = client.recv(_SHORT)
        except OSError:
            more = b""
        if not more:
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self._lingering.remove(conn)
        self.nr_conns -= 1
        conn.close()

    def _count(self) -> None:
        _held[self.age % _SLOTS] = self.nr_conns + 1


def _is_short_and_whole(conn: Connection) -> bool:
    """Return whether a short request to a quick path can be read and answered without waiting. Reads nothing."""
    if conn.parser is not None and conn.parser.unreader.buf.getvalue():
        return False
    try:
        there = conn.sock.recv(_SHORT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    head, end, body = there.partition(_HEAD_END)
    if not end or not head.startswith(_AT_ONCE):
        return False
    fields = head.lower()
    lengths = fields.count(b"content-length")
    if lengths > 1 or b"transfer-encoding" in fields:
        return False
    length = fields.partition(_LENGTH)[2].partition(b"\r")[0].strip()
    whole = length.isdigit() and len(length) < _DIGITS and int(length) <= len(body)
    return (whole if lengths else head.startswith(b"GET")) and _has_room(conn.sock)


def _has_room(client: socket.socket) -> bool:
    """Return whether an answer can be sent at once; a client that reads none of its answers leaves no room for more."""
    room = select.poll()
    room.register(client, select.POLLOUT)
    return bool(room.poll(0))
