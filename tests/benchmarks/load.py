"""Load on an HTTP server: a fixed number of kept connections, each sending its next request when it has its answer.

One thread, one selector, no parsing but of the content length, so that the generator costs a server on the same cores
as little as can be (about 25 us a request).
"""

import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """Requests a second, latencies in ms at the 50th, 95th and 99th percentile, answers that were not 200."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int


def http_post(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, rate: float | None = None) -> Load:
    """Send requests in turn for so many seconds; `rate` holds them back to so many a second in all."""
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    failed = sent = 0
    begin = time.perf_counter()
    end = begin + seconds
    idle: list[_Connection] = []
    for _ in range(connections):
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        idle.append(connection)
    open_requests = 0
    while (now := time.perf_counter()) < end or open_requests:
        while idle and now < end and (rate is None or sent < (now - begin) * rate):
            # At a fixed rate a request's time counts from when it was due, so that waiting for a slow one shows.
            due = now if rate is None else begin + sent / rate
            idle.pop().send(requests[sent % len(requests)], due)
            sent += 1
            open_requests += 1
        wait = 0.05 if rate is None or not idle else max(0.0, min(0.05, begin + sent / rate - time.perf_counter()))
        for key, _ in selector.select(wait):
            connection = key.data
            status = connection.receive()
            if status is not None:
                latencies.append(time.perf_counter() - connection.due)
                failed += status != 200
                open_requests -= 1
                idle.append(connection)
            if connection.closed:
                # Servers end connections that were idle for a while; what was just sent on one is sent again.
                selector.unregister(connection.socket)
                connection.reconnect(port)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
    spent = time.perf_counter() - begin
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    p50, p95, p99 = (float(p) * 1e3 for p in np.percentile(latencies, [50, 95, 99]))
    return Load(len(latencies) / spent, p50, p95, p99, failed)


class _Connection:
    def __init__(self, port: int) -> None:
        self.due = 0.0
        self._request = b""
        self.reconnect(port)

    def reconnect(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closed = False
        self._got = b""
        if self._request:
            self.socket.sendall(self._request)

    def send(self, request: bytes, due: float) -> None:
        self.due, self._request, self._got = due, request, b""
        with suppress(ConnectionError):  # then reading tells that it was closed
            self.socket.sendall(request)

    def receive(self) -> int | None:
        """Read what there is; return the status once the answer to an open request is whole."""
        try:
            chunk = self.socket.recv(262_144)
        except ConnectionError:
            chunk = b""
        if not chunk:
            self.closed = True
            return None
        self._got += chunk
        head, found, body = self._got.partition(HEAD_END)
        if not found:
            return None
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        self.closed = b"connection: close" in lower
        self._request = b""
        return int(head[9:12])
