"""Connections to model servers are kept and used again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sagekeep.local.jobs.connections import Connections


class Handler(BaseHTTPRequestHandler):
    """Answers with the client's port; hangs up after each answer when it is told so."""

    protocol_version = "HTTP/1.1"
    hang_up = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        port = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(port)))
        self.end_headers()
        self.wfile.write(port)
        self.close_connection = Handler.hang_up

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def connections() -> Iterator[Connections]:
    Handler.hang_up = False
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made = Connections(server.server_address[1], 10)
        yield made
        made.close()
        server.shutdown()
        thread.join()


def test_a_second_request_takes_the_firsts_connection(connections: Connections) -> None:
    ports = [connections.post("/", b"x", {})[2] for _ in range(3)]
    assert len(set(ports)) == 1


def test_a_connection_that_the_server_closed_is_replaced(connections: Connections) -> None:
    Handler.hang_up = True
    ports = [connections.post("/", b"x", {})[2] for _ in range(3)]
    assert len(set(ports)) == 3
