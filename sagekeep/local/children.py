"""Processes that ministack starts for Lambda: their environment, and their end with the gateway's."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from sagekeep.local.place import Place, proxy_url

_PR_SET_PDEATHSIG = 1
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "AWS_REGION", "AWS_DEFAULT_REGION")


def _die_with_parent() -> Callable[[], None] | None:
    """What a child runs before its program so that the kernel ends it with its parent (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_kernel


class Children:
    """Starts Lambda's processes. Stands in for the `subprocess` module inside ministack's Lambda runtime."""

    PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT
    TimeoutExpired, SubprocessError = subprocess.TimeoutExpired, subprocess.SubprocessError

    def __init__(self, port: int, secret: str, bundle: str, config_file: str) -> None:
        self._port, self._secret = port, secret
        self._fixed = {
            "AWS_CA_BUNDLE": bundle,
            "AWS_CONFIG_FILE": config_file,
            "AWS_SHARED_CREDENTIALS_FILE": config_file,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "",
        }
        # The kernel's promise holds for the thread that forked: this one lives as long as the process.
        self._forker = ThreadPoolExecutor(1, thread_name_prefix="forker")
        self._before = _die_with_parent()

    def install(self) -> None:
        """Take the place of `subprocess` where ministack starts Lambda's processes."""
        lambda_runtime.subprocess = self

    def Popen(self, command: list[str], *, env: dict[str, str], **options: Any) -> subprocess.Popen[Any]:  # noqa: N802
        """As subprocess.Popen, with the function's own environment and place in the network."""
        options |= {"env": self._environment(env), "preexec_fn": self._before}
        started: subprocess.Popen[Any] = self._forker.submit(lambda: subprocess.Popen(command, **options)).result()
        return started

    def _environment(self, wanted: dict[str, str]) -> dict[str, str]:
        inherited = {name for name, value in os.environ.items() if wanted.get(name) == value}
        own = {name: value for name, value in wanted.items() if name not in inherited or name in _KEPT}
        # ministack's own endpoint on loopback does not exist here: functions use AWS's host names.
        own.pop("AWS_ENDPOINT_URL", None)
        place = place_of(wanted.get("_LAMBDA_FUNCTION_ARN", ""))
        return {**own, **self._fixed, "HTTPS_PROXY": proxy_url(self._port, place, self._secret)}


def place_of(function_arn: str) -> Place | None:
    """Where a function runs: its subnets and groups, or the internet when it has no VPC."""
    parts = function_arn.split(":")
    function = lambda_svc._functions.get(parts[6]) if len(parts) > 6 else None
    config = (function or {}).get("config", {}).get("VpcConfig") or {}
    if not config.get("SubnetIds"):
        return None
    return Place(config.get("VpcId", ""), tuple(config["SubnetIds"]), tuple(config.get("SecurityGroupIds", ())))
