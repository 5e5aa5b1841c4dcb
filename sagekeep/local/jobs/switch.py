"""The way by which the gateway ends a worker: a line on its stdin asks it to stop, the end of stdin ends it at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from sagekeep.local.jobs.failures import JobStopped
from sagekeep.local.jobs.script import Script

STOP = b"stop\n"


class Switch:
    """Listens on `stream`; whatever script runs when the gateway speaks or dies is ended."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._lock = stream, threading.Lock()
        self._script: Script | None = None
        self._asked = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def thrown(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raises JobStopped when somebody asked to stop."""
        if self.thrown:
            raise JobStopped

    def sleep(self, seconds: float) -> None:
        """Sleep, but not past a request to stop."""
        self._asked.wait(seconds)

    @contextmanager
    def over(self, script: Script) -> Iterator[None]:
        """Within the block, `script` is what stops; at once when it was asked for before."""
        with self._lock:
            self._script = script
        if self.thrown:
            script.end()
        yield
        with self._lock:
            self._script = None

    def _listen(self) -> None:
        for line in iter(self._stream.readline, b""):
            if line == STOP:
                self._asked.set()
                self._end(gently=True)
        # The gateway is gone, and with it everybody who could ask for the outcome.
        self._end(gently=False)
        os._exit(1)

    def _end(self, *, gently: bool) -> None:
        with self._lock:
            script = self._script
        if script is not None:
            (script.end if gently else script.kill)()
