"""The stand-in of the embedded AWS over a model folder."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from sagekeep.local.jobs.sandbox import CONTAINER
from tests.serving.check import Reply
from tests.serving.model import PYTHON

START_SECONDS = 120


class StandIn:
    """Context manager; `environment` is the container's, `model` the folder of that name below /opt/ml."""

    def __init__(
        self,
        folder: Path,
        model: Path,
        environment: Mapping[str, str],
        server: str = "serving.py",
        python: Path = PYTHON,
    ) -> None:
        self._base, self._log = model.parent, folder / "log.txt"
        self._command = [str(python), "-X", "utf8", str(CONTAINER / server)]
        assert model.name == "model"
        self._environment = {"PYTHONDONTWRITEBYTECODE": "1", "SAGEMAKER_BASE_DIR": str(self._base), **environment}

    def __enter__(self) -> StandIn:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, self._log.open("wb") as log:
            self._port, descriptor = listener.getsockname()[1], listener.fileno()
            self._process = subprocess.Popen(
                [*self._command, str(descriptor)],
                env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **self._environment},
                pass_fds=[descriptor],
                stdout=log,
                stderr=log,
            )
        try:
            self.ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def ask(self, body: bytes, content_type: str, accept: str = "*/*", seconds: float = 60) -> Reply:
        """POST /invocations."""
        return self._call("POST", "/invocations", body, {"Content-Type": content_type, "Accept": accept}, seconds)

    def ping(self) -> int:
        """GET /ping."""
        return self._call("GET", "/ping", b"", {}, START_SECONDS)[0]

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def worker(self) -> object:
        """How many have died."""
        return sum(line.startswith(("Worker died.", "Worker timeout:")) for line in self.log.splitlines())

    def ready(self) -> None:
        """/ping waits for a server that is loading its model."""
        try:
            assert self.ping() == 200
        except OSError as error:
            raise AssertionError(self.log) from error

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.reason, answer.headers.get("content-type", ""), answer.read()
        finally:
            connection.close()
