"""`python -m sagekeep.local.jobs.worker`: one job or model server, in a process of its own.

Reads its specification, with the session of the work's role, from stdin and reports on stdout (specification.py). This
process moves the data and has the credentials; the script that it starts has neither them nor a way to ask for them.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sagekeep.local.jobs.failures import JobFailed, JobStopped, algorithm_error, no_ping
from sagekeep.local.jobs.hosting import Hosting
from sagekeep.local.jobs.members import member
from sagekeep.local.jobs.mover import Mover
from sagekeep.local.jobs.processing import Processing
from sagekeep.local.jobs.sandbox import ML, Sandbox
from sagekeep.local.jobs.script import Script
from sagekeep.local.jobs.specification import (
    COMPLETED,
    DOWNLOADING,
    FAILED,
    IN_SERVICE,
    PROCESSING,
    RUNNING,
    SERVER,
    STOPPED,
    UPLOADING,
    Reports,
    Specification,
)
from sagekeep.local.jobs.switch import Switch
from sagekeep.local.jobs.training import Training


class Worker:
    """Carries out one specification."""

    def __init__(self, spec: Specification, reports: Reports, switch: Switch) -> None:
        self._spec, self._reports, self._switch = spec, reports, switch
        self._sandbox = Sandbox(
            Path(spec.folder),
            namespaces=spec.namespaces,
            network=not member(spec.kind, spec.request, "isolated", default=False),
            hidden=spec.hidden,
            read_only=f"{ML}/model" if spec.kind == SERVER else "",
        )

    def run(self) -> None:
        """All of it, and one report of how it ended."""
        try:
            end, message = self._serve() if self._spec.kind == SERVER else self._run_job()
        except JobStopped:
            self._reports.send(end=STOPPED)
        except JobFailed as failed:
            self._reports.send(end=FAILED, failure=failed.reason, message=failed.message)
        else:
            self._reports.send(end=end, message=message)

    def _run_job(self) -> tuple[str, str]:
        job = (Processing if self._spec.kind == PROCESSING else Training)(self._spec, self._sandbox)
        mover, key = Mover(self._spec, self._switch.check), self._member("key")
        self._reports.send(phase=DOWNLOADING)
        job.fetch(mover)
        self._switch.check()
        self._reports.send(phase=RUNNING)
        script = self._start(job.command(), job.environment())
        with self._switch.over(script):
            code = script.wait(self._member("seconds"))
        if script.overdue:
            self._reports.send(lines=["[local AWS] stopped: MaxRuntimeInSeconds is over"])
        if script.overdue or self._switch.thrown:
            job.deliver_after_stop(mover, key)
            return STOPPED, job.message()
        if code:
            raise JobFailed(job.failure(code, script.last_line), message=job.message())
        self._reports.send(phase=UPLOADING)
        job.deliver(mover, key)
        return COMPLETED, job.message()

    def _serve(self) -> tuple[str, str]:
        server = Hosting(self._spec, self._sandbox)
        server.fetch(Mover(self._spec, self._switch.check))
        self._switch.check()
        with socket.socket(fileno=self._spec.listener) as listener:
            port = listener.getsockname()[1]
            script = self._start(server.command(), {}, descriptors=[listener.fileno()])
        # Only the server holds the socket now: when it goes, connections are refused and do not wait.
        with self._switch.over(script):
            if server.get_well(script, port, self._switch):
                self._reports.send(phase=IN_SERVICE)
            else:
                script.end()
            script.wait()
        if self._switch.thrown:
            return STOPPED, ""
        raise JobFailed(no_ping(self._spec.variant))

    def _start(self, command: Sequence[str], own: Mapping[str, str], descriptors: Sequence[int] = ()) -> Script:
        given = {**self._member("environment", {}), **own}
        self._reports.send(lines=[self._spec.notice])
        try:
            script = Script(
                self._sandbox.command(command),
                environment=self._sandbox.environment(Path(self._spec.python), given),
                folder=self._sandbox.home,
                sink=lambda lines: self._reports.send(lines=lines),
                stop_seconds=self._spec.stop_seconds,
                descriptors=descriptors,
            )
        except OSError as error:
            raise JobFailed(algorithm_error(127, f"cannot start {command[0]}: {error.strerror}")) from error
        self._reports.send(group=script.group)
        return script

    def _member(self, name: str, default: Any = None) -> Any:
        return member(self._spec.kind, self._spec.request, name, default)


def main() -> None:
    """Serve the gateway at the other end of the pipes."""
    # Whatever a library prints must not get between the reports.
    reports = Reports(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)
    spec = Specification.parse(sys.stdin.buffer.readline())
    Worker(spec, reports, Switch(sys.stdin.buffer)).run()
    # The thread that listens on stdin would hold an ordinary exit back.
    os._exit(0)


if __name__ == "__main__":
    main()
