"""Kept-alive HTTP connections to one model server; safe to use from several threads."""

from __future__ import annotations

import http.client
from collections import deque
from collections.abc import Mapping

Reply = tuple[int, dict[str, str], bytes]


class Connections:
    """Connections to a port of the loopback interface; a thread takes one, another thread may use it next."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port, self._seconds = port, seconds
        self._idle: deque[http.client.HTTPConnection] = deque()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Status, headers and body of the answer.

        Raises:
            TimeoutError: no answer in time.
            OSError, http.client.HTTPException: the server does not answer.
        """
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            try:
                return self._ask(kept, path, body, headers)
            except (ConnectionError, http.client.BadStatusLine):
                kept.close()  # the server had closed it meanwhile
        return self._ask(self._fresh(), path, body, headers)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _fresh(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._seconds)

    def _ask(self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            reply = answer.status, dict(answer.getheaders()), answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return reply
