"""A model server: the model's archive unpacked below /opt/ml/model, and the serving toolkit's stand-in over it.

Folders, /ping, /invocations: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html.
"""

from __future__ import annotations

import http.client
import tarfile
import time

from sagekeep.local.jobs.failures import JobFailed
from sagekeep.local.jobs.mover import Mover
from sagekeep.local.jobs.sandbox import CONTAINER, Sandbox
from sagekeep.local.jobs.script import Script
from sagekeep.local.jobs.specification import Specification
from sagekeep.local.jobs.switch import Switch

_AGAIN_SECONDS = 0.2


class Hosting:
    """The model server of one specification; it listens on a socket that the gateway has opened."""

    def __init__(self, spec: Specification, sandbox: Sandbox) -> None:
        self._spec, self._sandbox = spec, sandbox
        self._container = spec.request.get("PrimaryContainer") or {}

    def fetch(self, mover: Mover) -> None:
        """Download the model and unpack it."""
        model = self._sandbox.ml / "model"
        model.mkdir()
        url = self._container.get("ModelDataUrl")
        if not url:
            return
        packed = self._sandbox.folder / "model.tar.gz"
        mover.fetch(url, packed)
        try:
            with tarfile.open(packed) as archive:
                archive.extractall(model, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise JobFailed(
                f'Failed to extract model data archive from URL "{url}" ({error}). '
                "Please ensure that the object located at the URL is a valid tar.gz archive."
            ) from error
        packed.unlink()
        self._sandbox.protect()

    def command(self) -> list[str]:
        """The stand-in for what serves in the image."""
        return ["python3", str(CONTAINER / self._spec.server), str(self._spec.listener)]

    def get_well(self, script: Script, port: int, switch: Switch) -> bool:
        """Ask /ping until it answers 200; False when the server ended or its time is over."""
        deadline = time.monotonic() + self._spec.ping_seconds
        while script.alive and not switch.thrown:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if _ping(port, left):
                return True
            switch.sleep(_AGAIN_SECONDS)
        return False


def _ping(port: int, seconds: float) -> bool:
    """Whether /ping answers 200; a server that is still loading its model lets the request wait."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
