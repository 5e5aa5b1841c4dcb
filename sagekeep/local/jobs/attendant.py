"""The gateway's side of a worker: starts it, listens to it, knows how it goes, and clears up after it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import sagekeep
from sagekeep.local.jobs.failures import INTERNAL_ERROR, JobFailed
from sagekeep.local.jobs.specification import FAILED, STOPPED, Specification
from sagekeep.local.jobs.switch import STOP
from sagekeep.local.sagemaker.platform import STARTING, JobState

Log = Callable[[list[str]], None]
Specify = Callable[[Path], Specification]


class Attendant:
    """One piece of work from its beginning to its end.

    Args:
        root: where the work's private folder is made, and removed when it is over.
        log: takes the lines that the script says.
        listener: a socket for the worker; closed here once the worker has it.
    """

    def __init__(self, root: Path, log: Log, listener: socket.socket | None = None) -> None:
        self._root, self._log, self._listener = root, log, listener
        self._lock = threading.Lock()  # over the state, which others ask for and may not wait long
        self._pipe = threading.Lock()  # over the process and what is written to it
        self._phase, self._history = STARTING, [(STARTING, time.time())]
        self._failure = self._message = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._group = 0

    def begin(self, specify: Specify) -> None:
        """Start; returns at once. `specify` is called in the work's thread and may raise JobFailed."""
        threading.Thread(target=self._attend, args=(specify,), daemon=True).start()

    def state(self) -> JobState:
        """How it goes; a final state is told only when the files are gone."""
        with self._lock:
            return JobState(self._phase, tuple(self._history), self._failure, self._message)

    def stop(self) -> None:
        """Ask it to end; no error when it has ended."""
        with self._pipe:
            self._stopped = True
            if self._process is not None:
                _write(self._process, STOP)

    def fail(self, reason: str) -> None:
        """End what never began."""
        self._close_listener()
        self._settle({"end": FAILED, "failure": reason})

    def _attend(self, specify: Specify) -> None:
        end: dict[str, Any] = {"end": FAILED, "failure": INTERNAL_ERROR}
        try:
            folder = Path(tempfile.mkdtemp(dir=self._root))
            try:
                end = self._work(specify(folder))
            finally:
                remove(folder)
        except JobFailed as failed:
            end = {"end": FAILED, "failure": failed.reason}
        finally:
            self._close_listener()
            self._settle(end)

    def _work(self, spec: Specification) -> dict[str, Any]:
        process = self._start(spec)
        if process is None:
            return {"end": STOPPED}
        self._close_listener()
        end = self._follow(process)
        code = process.wait()
        with self._pipe:
            self._process = None
            _close(process)
        if end is None:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self._log([f"[local AWS] the process that moves this job's data {how}"])
            self._end_script()
            return {"end": FAILED, "failure": INTERNAL_ERROR}
        return end

    def _start(self, spec: Specification) -> subprocess.Popen[bytes] | None:
        """The worker with its specification; None when it was stopped before."""
        with self._pipe:
            if self._stopped:
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "sagekeep.local.jobs.worker"],
                cwd=spec.folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                pass_fds=[spec.listener] if spec.listener >= 0 else [],
            )
            self._process = process
            _write(process, spec.line())
        return process

    def _follow(self, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
        """Follow the reports; the last one, or None when the worker ended without it."""
        end = None
        for line in process.stdout or ():
            if not line.endswith(b"\n"):  # the worker was killed while it spoke
                break
            report = json.loads(line)
            if "lines" in report:
                self._log(report["lines"])
            elif "phase" in report:
                self._enter(report["phase"])
            elif "group" in report:
                self._group = report["group"]
            else:
                end = report
        return end

    def _enter(self, phase: str) -> None:
        with self._lock:
            self._phase = phase
            self._history.append((phase, time.time()))

    def _settle(self, end: dict[str, Any]) -> None:
        with self._lock:
            self._failure, self._message = end.get("failure", ""), end.get("message", "")
            self._phase = end["end"]
            self._history.append((self._phase, time.time()))

    def _end_script(self) -> None:
        """The kernel ends the script with its worker; without that help, here."""
        if self._group:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()


def _write(process: subprocess.Popen[bytes], line: bytes) -> None:
    """A line for the worker, unless it is gone."""
    with suppress(OSError):
        if process.stdin is not None:
            process.stdin.write(line)
            process.stdin.flush()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in filter(None, (process.stdin, process.stdout)):
        with suppress(OSError):
            pipe.close()


def _environment() -> dict[str, str]:
    """The worker's: nothing of the user's leads it to AWS; what it needs comes through its pipe."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(Path(sagekeep.__file__).parents[1]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def remove(folder: Path) -> None:
    """Remove a folder, also where a script took the right to write from itself."""
    for place, folders, _ in os.walk(folder):
        for path in (Path(place, name) for name in folders):
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
