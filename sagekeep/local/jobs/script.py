"""A running script: its output line by line, its time limit, and its end with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_LINE_BYTES = 256 * 1024  # what CloudWatch Logs takes as one event
_READ_BYTES = 64 * 1024
_LAST_LINES_SECONDS = 5  # a process that left the script's group can hold its output open

Sink = Callable[[list[str]], None]


class Script:
    """Starts a command in a process group of its own; stdout and stderr go in their order to `sink`.

    `overdue`: its time was over before it ended; `last_line`: the last line it said that is not empty.

    Args:
        descriptors: file descriptors that the command inherits.
        stop_seconds: time between SIGTERM and SIGKILL.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        sink: Sink,
        stop_seconds: float,
        descriptors: Sequence[int] = (),
    ) -> None:
        self._stop_seconds = stop_seconds
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=descriptors,
        )
        self.last_line = ""
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout, sink), daemon=True)
        self._reader.start()
        self.overdue = False

    @property
    def group(self) -> int:
        """Its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code as a container's: 128 + n after signal n. After `seconds` it is ended, and `overdue`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.overdue = True
            self.end()
        code = self._process.wait()
        self._signal(signal.SIGKILL)  # what it left running in its group
        self._reader.join(_LAST_LINES_SECONDS)
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """SIGTERM, then SIGKILL; returns when it has ended."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)

    def _read(self, stream: IO[bytes], sink: Sink) -> None:
        for lines in _lines(stream):
            texts = [line.decode(errors="replace").rstrip("\r") for line in lines]
            self.last_line = next((text for text in reversed(texts) if text.strip()), self.last_line)
            sink(texts)

    def _signal(self, number: int) -> None:
        # macOS refuses to signal a group in which only a zombie is left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, number)


def _lines(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Lines as they come, those of one read together; an endless line is cut."""
    rest = b""
    while chunk := os.read(stream.fileno(), _READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= _LINE_BYTES:
            lines, rest = [*lines, rest], b""
        if lines:
            yield lines
    if rest:
        yield [rest]
