"""The one listening port: a CONNECT proxy for AWS's host names that ends TLS and serves the requests itself.

A request without TLS (`GET http://<host>/... HTTP/1.1`) is served too, as AWS does; policies may ask for TLS.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, RawData

from sagekeep.local.certificates import Authority
from sagekeep.local.network import HTTPS
from sagekeep.local.place import Place, read_authorization

log = logging.getLogger("sagekeep.proxy")

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.(?:amazonaws\.com|api\.aws|sagemaker\.aws)")
_REQUEST_LINE = re.compile(r"CONNECT ([^ :]+):443 HTTP/1\.[01]")
_PLAIN_LINE = re.compile(r"([A-Z]+) http://([^ :/?]+)(?::80)?([/?][^ ]*)? (HTTP/1\.[01])")
_HTTP = 80
_HOP = ("proxy-", "connection:", "keep-alive:")  # header lines that concern this proxy only
_HEAD_SECONDS = 30

_CONTINUE = b"HTTP/1.1 100"
_PIECE_BYTES = 1024 * 1024

App = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Connection:
    """What the client said: host and port, and the place that its credentials prove (None: the internet).

    Attributes:
        head: of a request without TLS, as the host would see it; empty for a tunnel.
    """

    host: str
    place: Place | None
    port: int = HTTPS
    head: bytes = b""


class _Refused(Exception):
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status, self.reason = status, reason


class Server(TCPServer):  # type: ignore[misc]  # hypercorn's types are not looked at
    """Sends an answer in one piece, when this side is ready for the next request.

    A client that has an answer's last byte may ask again at once. Where the last exchange has not ended here by then,
    terraform's HTTP client now and then, under load, loses the second answer and repeats a request that was carried
    out: CreateUserProfile then finds its own profile.
    """

    _held = b""

    async def protocol_send(self, event: Event) -> None:
        """Hold bytes back until the exchange has ended; large answers go out in large pieces."""
        if isinstance(event, RawData):
            self._held += event.data
            if len(self._held) < _PIECE_BYTES and not self._held.startswith(_CONTINUE):
                return
        held, self._held = self._held, b""
        if held:
            await super().protocol_send(RawData(held))
        if not isinstance(event, RawData):
            await super().protocol_send(event)


class Proxy:
    """Serves `application(connection)` on every tunnel whose host is AWS's and that `route` does not refuse."""

    def __init__(
        self,
        authority: Authority,
        secret: str,
        application: Callable[[Connection], App],
        route: Callable[[Connection], str | None],
    ) -> None:
        self._authority, self._secret = authority, secret
        self._application, self._route = application, route
        self._context = WorkerContext(None)
        self._config = Config()
        self._config.keep_alive_timeout = 600  # longer than any client keeps an idle connection
        self._config.h11_max_incomplete_size = 64 * 1024

    async def listen(self) -> asyncio.Server:
        """Bind a free port of the loopback interface."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            connection = await self._accept(reader)
            if not connection.head:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.drain()
                await writer.start_tls(self._authority.context(connection.host))
        except _Refused as refused:
            await _refuse(writer, refused)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, TimeoutError) as error:
            log.info("connection ended before its request: %s", error)
            writer.close()
        else:
            await self._hand_over(connection, reader, writer)

    async def _accept(self, reader: asyncio.StreamReader) -> Connection:
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)).decode("latin-1")
        except asyncio.LimitOverrunError as error:
            raise _Refused("431 Request Header Fields Too Large", "the request has no end") from error
        lines = head.split("\r\n")
        request, plain = _REQUEST_LINE.fullmatch(lines[0]), _PLAIN_LINE.fullmatch(lines[0])
        host = request[1].lower() if request else plain[2].lower() if plain else ""
        if not _HOST.fullmatch(host):
            raise _Refused("403 Forbidden", f"only AWS endpoints exist here, not: {lines[0][:200]}")
        place = self._place(lines[1:])
        connection = Connection(host, place, _HTTP, _forwarded(plain, lines)) if plain else Connection(host, place)
        refusal = self._route(connection)
        if refusal:
            raise _Refused("504 Gateway Timeout", refusal)
        return connection

    def _place(self, header_lines: list[str]) -> Place | None:
        for line in header_lines:
            name, _, value = line.partition(":")
            if name.strip().lower() == "proxy-authorization":
                try:
                    return read_authorization(value.strip(), self._secret)
                except ValueError as error:
                    raise _Refused("407 Proxy Authentication Required", str(error)) from error
        return None

    async def _hand_over(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        app: Any = ASGIWrapper(self._application(connection))
        loop = asyncio.get_running_loop()
        source: Any = _Resumed(connection.head, reader) if connection.head else reader
        await Server(app, loop, self._config, self._context, {}, source, writer)


class _Resumed:
    """A reader whose first bytes were read already."""

    def __init__(self, head: bytes, rest: asyncio.StreamReader) -> None:
        self._head, self._rest = head, rest

    def at_eof(self) -> bool:
        return not self._head and self._rest.at_eof()

    async def read(self, size: int) -> bytes:
        head, self._head = self._head, b""
        return head or await self._rest.read(size)


def _forwarded(request: re.Match[str], lines: list[str]) -> bytes:
    """The request as the host would see it: one on a connection of its own."""
    kept = [line for line in lines[1:] if line and not line.lower().startswith(_HOP)]
    head = [f"{request[1]} {request[3] or '/'} {request[4]}", *kept, "Connection: close", "", ""]
    return "\r\n".join(head).encode("latin-1")


async def _refuse(writer: asyncio.StreamWriter, refused: _Refused) -> None:
    log.warning("refused: %s", refused)
    body = refused.reason.encode()
    head = f"HTTP/1.1 {refused.status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    try:
        writer.write(head.encode() + body)
        await writer.drain()
    except OSError:
        pass
    writer.close()
