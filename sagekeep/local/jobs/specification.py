"""What the gateway tells a worker, and what the worker reports: one JSON line down its stdin, many up its stdout."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from typing import IO, Any

Params = dict[str, Any]

PROCESSING, TRAINING, SERVER = "processing", "training", "server"
# Phases of sagekeep.local.sagemaker.platform; importing them would cost every worker a tenth of a second.
DOWNLOADING, RUNNING, UPLOADING, IN_SERVICE = "Downloading", "Running", "Uploading", "InService"
COMPLETED, FAILED, STOPPED = "Completed", "Failed", "Stopped"


@dataclass(frozen=True)
class Specification:
    """One piece of work.

    Attributes:
        kind: PROCESSING, TRAINING or SERVER.
        request: the Create call's request; a server's is CreateModel's.
        folder: private to this work; removed after it by the gateway.
        python: the interpreter of the image's environment.
        notice: the first line of the log.
        namespaces: whether the script runs in namespaces of its own.
        hidden: folders that the script must not see; only with `namespaces`.
        proxy: HTTPS_PROXY of the place in the network where the work runs.
        stop_seconds: how long the script may take to end after SIGTERM.
        ping_seconds: how long a server may take to answer /ping.
        listener: file descriptor of a server's listening socket.
        server: the file of container/ that stands in for the image's model server.
    """

    kind: str
    name: str
    arn: str
    role: str
    request: Params
    folder: str
    python: str
    notice: str
    namespaces: bool
    hidden: tuple[str, ...]
    region: str
    ca_bundle: str
    stop_seconds: float
    ping_seconds: float
    proxy: str = field(repr=False)
    credentials: dict[str, str] = field(repr=False)
    variant: str = ""
    listener: int = -1
    server: str = ""

    def line(self) -> bytes:
        """The specification as it goes down the pipe."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Specification:
        """The inverse of line()."""
        members = json.loads(line)
        return cls(**{**members, "hidden": tuple(members["hidden"])})


class Reports:
    """Writes reports; safe to use from several threads."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, **report: Any) -> None:
        """One report: phase=, lines=[], group=<process group of the script>, or end=, failure=, message=."""
        with self._lock:
            self._stream.write(json.dumps(report) + "\n")
            self._stream.flush()
