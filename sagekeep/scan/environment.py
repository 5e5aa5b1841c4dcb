"""The scanners' own environment, `.venv-scanners`: they pin much of what they need, and none of it is ours."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sagekeep.errors import OperationError

SECONDS = 300
# No scanner has business on the network: whoever tries meets a port where nothing listens.
_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
INSIDE = Path(__file__).parent / "inside"


@dataclass(frozen=True)
class Scanners:
    """The folder of the environment; `run` starts one of its programs."""

    folder: Path

    @classmethod
    def of(cls, root: Path) -> Scanners:
        """The project's.

        Raises:
            OperationError: it has not been made.
        """
        folder = root / ".venv-scanners"
        if not (folder / "bin" / "checkov").exists():
            raise OperationError(f"{folder} holds no scanners", hint="make setup-scanners")
        return cls(folder)

    def run(self, program: str, arguments: Sequence[str], *, stdin: str = "", codes: Sequence[int] = (0,)) -> str:
        """What a program of the environment prints, without network and in a home folder of its own.

        Raises:
            OperationError: its exit code is not among `codes`, or it took too long.
        """
        with tempfile.TemporaryDirectory(prefix="sagekeep-scan-") as home:
            variables = {"PATH": os.environ.get("PATH", ""), "HOME": home, "LOG_LEVEL": "ERROR", "PYTHONUTF8": "1"}
            try:
                ended = subprocess.run(
                    [str(self.folder / "bin" / program), *arguments],
                    input=stdin,
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    env=variables | dict.fromkeys(_PROXIES, _NOWHERE),
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise OperationError(f"{program} took over {SECONDS} s") from error
        if ended.returncode not in codes:
            said = "\n".join(ended.stderr.strip().splitlines()[-8:])
            raise OperationError(f"{program} failed (exit code {ended.returncode}):\n{said}")
        return ended.stdout
