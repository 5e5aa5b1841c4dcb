"""Asks a model server a case, and at once something else: the worker that answers must be the one that did before."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Protocol

from tests.serving.cases import ANSWER, FIT, SERVED, Case, many

AGAIN_SECONDS = 20  # TorchServe needs three or more for another worker, and answers the cases in less than one

Reply = tuple[int, str, str, bytes]


class Server(Protocol):
    """A running model server."""

    def ask(self, body: bytes, content_type: str, accept: str = "*/*", seconds: float = 60) -> Reply:
        """Status, reason phrase, content type and body of the answer to POST /invocations."""

    def ping(self) -> int:
        """The status of GET /ping."""

    def worker(self) -> object:
        """What tells one worker from the next."""


def check(server: Server, case: Case, again: Case) -> None:
    """The case is answered as it says, and `again` after it."""
    before = server.worker()
    status, phrase, _, body = server.ask(case.sent, case.kind, case.accept)
    text = body.decode()
    assert (status, case.says in text or text[:500]) == (case.status, True)
    if case.phrase:
        assert phrase == case.phrase
    assert server.ping() == 200
    # Another worker answers when it has loaded the model: everybody waits as long.
    assert server.ask(again.sent, again.kind, seconds=60 if case.dies else AGAIN_SECONDS)[0] == 200
    assert (server.worker() != before) == case.dies


def check_refusal(server: Server, case: Case, again: Case) -> None:
    """Of a model that is prepared: as `check`; a refusal has HTTP's own phrase, a short text and no traceback."""
    check(server, case, again)
    status, phrase, kind, body = server.ask(case.sent, case.kind, case.accept)
    if status != 200:
        assert phrase == HTTPStatus(status).phrase
        assert kind == "text/plain; charset=utf-8"
        assert len(body) < 20_000
        assert b"Traceback" not in body
        assert len(body.decode().splitlines()) == 1


def check_sizes(server: Server) -> None:
    """Answers up to the endpoint's limit arrive; what would be larger is refused with a number of rows that fits."""
    row = SERVED[0]
    one, two = (len(server.ask(many(count)(), row.kind)[3]) for count in (1, 2))
    fitting = 1 + (ANSWER - one) // (two - one)
    before = server.worker()
    status, _, _, body = server.ask(many(fitting)(), row.kind)
    assert (status, ANSWER - (two - one) < len(body) <= ANSWER) == (200, True)
    status, _, _, body = server.ask(many(fitting + 1)(), row.kind)
    assert status == 413
    (told,) = re.findall(FIT.replace(r"\d+", r"(\d+)"), body.decode())
    status, _, _, body = server.ask(many(int(told))(), row.kind)
    assert (status, len(body) <= ANSWER) == (200, True)
    assert server.worker() == before


def check_crowd(server: Server, clients: int = 8) -> None:
    """Answers and refusals to many at once, none to another's question."""
    cases = [case for case in SERVED if len(case.sent) < 10_000] * 2
    before = server.worker()
    with ThreadPoolExecutor(clients) as pool:
        replies = list(pool.map(lambda case: server.ask(case.sent, case.kind, case.accept), cases))
    for case, (status, _, _, body) in zip(cases, replies, strict=True):
        assert (status, case.says in body.decode()) == (case.status, True), case.name
    assert server.worker() == before
