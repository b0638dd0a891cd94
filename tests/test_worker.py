"""The worker process: what slow, idle, many or odd clients do to the others, and the short way around Flask."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import STORY, Server

BODY = json.dumps({"text": STORY}).encode()
POOL = 2 * 4
"""Threads of all workers together."""


def post(path: str = "/v1/classify", body: bytes = BODY) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        path.encode(), len(body), body,
    )  # fmt: skip


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=20)


@pytest.fixture
def sockets() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def answers(client: socket.socket, n: int) -> list[bytes]:
    """Return the bodies of n answers."""
    got, bodies = b"", []
    while len(bodies) < n:
        head, end, rest = got.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0]) if end else 0
        if end and len(rest) >= length:
            assert head.startswith(b"HTTP/1.1 200")
            bodies.append(rest[:length])
            got = rest[length:]
            continue
        chunk = client.recv(65_536)
        assert chunk, got
        got += chunk
    return bodies


def test_idle_connections_stop_nobody(server: Server, sockets: contextlib.ExitStack) -> None:
    for _ in range(2 * POOL):
        sockets.enter_context(connect(server))
    begun = time.monotonic()
    for path in ("/health/ready", "/v1/topics"):
        assert server.get(path)[0] == 200
    assert server.post("/v1/classify", {"text": STORY})[0] == 200
    assert time.monotonic() - begun < 3


def test_clients_that_do_not_close_stop_nobody(server: Server, sockets: contextlib.ExitStack) -> None:
    left = [sockets.enter_context(connect(server)) for _ in range(POOL)]
    for client in left:
        client.sendall(post().replace(b"Host", b"Connection: close\r\nHost"))
    begun = time.monotonic()
    for _ in range(8):
        assert server.get("/health/live")[0] == 200
        assert server.get("/v1/topics")[0] == 200
    assert time.monotonic() - begun < 1.5
    for client in left:
        assert answers(client, 1)
        assert client.recv(1) == b""


def test_half_requests_stop_no_short_ones(server: Server, sockets: contextlib.ExitStack) -> None:
    for _ in range(2 * POOL):
        client = sockets.enter_context(connect(server))
        client.sendall(post()[:-5])
    assert server.post("/v1/classify", {"text": STORY})[0] == 200
    assert server.get("/health/live")[0] == 200


def test_a_request_may_come_in_pieces_or_with_the_next_one(server: Server, sockets: contextlib.ExitStack) -> None:
    client = sockets.enter_context(connect(server))
    request = post()
    client.sendall(request)
    whole = answers(client, 1)
    for at in (10, len(request) - len(BODY), len(request) - 1):
        client.sendall(request[:at])
        time.sleep(0.05)
        client.sendall(request[at:])
        assert answers(client, 1) == whole
    client.sendall(request * 3)
    assert answers(client, 3) == whole * 3


def test_a_chunked_body_is_answered_like_any_other(server: Server, sockets: contextlib.ExitStack) -> None:
    client = sockets.enter_context(connect(server))
    client.sendall(post())
    whole = answers(client, 1)
    head = (
        b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    client.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
    assert answers(client, 1) == whole


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", id="no-chunk"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n", id="no-body"),
        pytest.param(post().replace(b"Content-Length: ", b"Content-Length: 9"), id="body-too-short"),
        pytest.param(post().replace(b"Content-Length: ", b"Content-Length: " + b"9" * 5000), id="long-number"),
        pytest.param(post().replace(b"Content-", b"Content-Length: 0\r\nContent-", 1), id="two-lengths"),
        pytest.param(
            (post() + post()[:40] + b"Content-Length: 99999\r\n\r\n").ljust(8192) + post(), id="request-in-a-body"
        ),
    ],
)
def test_odd_requests_stop_no_others(server: Server, sockets: contextlib.ExitStack, odd: bytes) -> None:
    for _ in range(3):
        sockets.enter_context(connect(server)).sendall(odd)
    time.sleep(0.2)
    begun = time.monotonic()
    for _ in range(8):
        assert server.get("/health/live")[0] == 200
        assert server.post("/v1/classify", {"text": STORY})[0] == 200
    assert time.monotonic() - begun < 2


def test_a_client_that_reads_no_answers_stops_no_others(server: Server, sockets: contextlib.ExitStack) -> None:
    request = post(body=json.dumps({"text": STORY * 60, "explain": True}).encode())
    for _ in range(2):
        client = sockets.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        client.settimeout(0.2)
        with contextlib.suppress(TimeoutError, ConnectionError):
            for _ in range(120):
                client.sendall(request)
                time.sleep(0.02)
    begun = time.monotonic()
    for _ in range(8):
        assert server.post("/v1/classify", {"text": STORY})[0] == 200
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("item", [{"text": STORY}, {"text": "x", "title": STORY, "id": "7", "explain": True}])
def test_the_short_way_answers_as_flask_does(server: Server, item: dict[str, object]) -> None:
    body = json.dumps(item).encode()
    short = server.request("POST", "/v1/classify", body)
    long = server.request("POST", "/v1/classify", body, "application/json; charset=utf-8")
    assert short[0] == long[0] == 200
    assert short[2] == long[2]
    assert {name: short[1][name] for name in ("Content-Type", "Content-Length")} == {
        name: long[1][name] for name in ("Content-Type", "Content-Length")
    }


@pytest.fixture
def own_server(models: Path) -> Iterator[Server]:
    running = Server(models, workers=2)
    yield running
    running.stop()


def test_workers_share_connections_evenly_also_after_one_died(
    own_server: Server, sockets: contextlib.ExitStack
) -> None:
    master = own_server.process.pid
    before = _workers(master)
    os.kill(before[0], signal.SIGKILL)
    deadline = time.monotonic() + 20
    while len(_workers(master)) < 2 or before[0] in _workers(master):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    idle = [_sockets(worker) for worker in _workers(master)]
    for _ in range(32):
        sockets.enter_context(connect(own_server))
    time.sleep(0.5)
    held = [_sockets(worker) - n for worker, n in zip(_workers(master), idle, strict=True)]
    assert sum(held) == 32
    assert min(held) >= 12
    assert own_server.get("/health/live")[0] == 200


def _workers(master: int) -> list[int]:
    return sorted(int(child) for child in Path(f"/proc/{master}/task/{master}/children").read_text().split())


def _sockets(process: int) -> int:
    return sum(str(path.readlink()).startswith("socket:") for path in Path(f"/proc/{process}/fd").iterdir())
