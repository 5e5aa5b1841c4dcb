"""The terraform processes that this process started, and how Ctrl-C reaches them.

Each child leads a process group of its own, so that a terminal's Ctrl-C does not reach it beside us: terraform takes a
second interrupt as "stop at once" and loses what is in flight. Output goes to a file, never into a pipe: should this
process be killed, terraform still finishes, saves its state and releases its lock.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from sagekeep.errors import OperationError

POLL_SECONDS = 0.05
FORCE_SECONDS = 5.0


class StoppedError(OperationError):
    """Somebody asked to stop; what was in flight has been finished."""

    def __init__(self) -> None:
        super().__init__("interrupted", hint="run the same command again to go on")


class Children:
    """Starts processes and passes interrupts on to them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal's handler may come while its own thread holds it
        self._running: set[subprocess.Popen[bytes]] = set()
        self.stopping = False

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None],
    ) -> int:
        """Runs a command to its end, handing over each line of its output; returns the exit code.

        A command that was killed (its code is -SIGKILL, say) leaves nothing behind that it started itself.

        Raises:
            StoppedError: somebody has asked to stop, so nothing new starts.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            child = self._start(command, cwd, env, output.fileno())
        try:
            with log.open(encoding="utf-8", errors="replace") as lines:
                _follow(child, lines, on_line)
        finally:
            # Still there only after an error of our own, as a child never outlives its reader. One that was killed from
            # outside leaves others in its group: terraform's providers wait for it for good.
            if child.poll() is None or child.returncode < 0:
                self._kill(child)
            with self._lock:
                self._running.discard(child)
        return child.returncode

    def interrupt(self) -> int:
        """Asks each child once to finish; returns how many there are."""
        with self._lock:
            self.stopping = True
            for child in self._running:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGINT)
            return len(self._running)

    def force(self) -> None:
        """Stops the children now: a second interrupt, and soon after it the end of their groups."""
        self.interrupt()
        threading.Thread(target=self._end_groups, daemon=True).start()

    def _start(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], output: int) -> subprocess.Popen[bytes]:
        with self._lock:
            if self.stopping:
                raise StoppedError
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(child)
            if self.stopping:  # asked for while it was being started
                child.send_signal(signal.SIGINT)
            return child

    def _end_groups(self) -> None:
        time.sleep(FORCE_SECONDS)
        with self._lock:
            still = list(self._running)
        for child in still:
            self._kill(child)

    def _kill(self, child: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@contextmanager
def interruptible(children: Children, say: Callable[[str], None]) -> Iterator[None]:
    """Within the block, the first SIGINT or SIGTERM asks the children to finish and the second one ends them."""
    asked = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            children.interrupt()
            say("interrupted: finishing what is in flight, then releasing the locks (Ctrl-C again forces)")
        else:
            children.force()
            say("forced: terraform is being ended; its locks may stay behind")

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(child: subprocess.Popen[bytes], lines: Iterator[str], on_line: Callable[[str], None]) -> None:
    """Reads a growing file until the process that writes it has ended."""
    partial = ""
    while True:
        ended = child.poll() is not None  # asked before reading: what was written before the end is still read
        for chunk in lines:
            partial += chunk
            if partial.endswith("\n"):
                on_line(partial)
                partial = ""
        if ended:
            break
        time.sleep(POLL_SECONDS)
    if partial:
        on_line(partial)
