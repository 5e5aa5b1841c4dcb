"""Where scripts run: a private folder presented as /opt/ml, in namespaces of their own where the kernel allows it.

With namespaces (Linux, util-linux) a script sees its own /opt/ml, its own processes and, when it is network-isolated,
no network; the host's /opt/ml is neither needed nor touched. Without them paths are rewritten, nothing is hidden.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONTAINER = Path(__file__).with_name("container")
ML = "/opt/ml"
_HOME = "/opt/home"
_ML_PATH = re.compile(rf"{ML}(?=/|$)")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Sandbox:
    """The container of one script.

    Attributes:
        folder: private to the script; `ml` and `home` are made in it.
        namespaces: whether to use them.
        network: whether the script has the host's network.
        hidden: folders of the host that it must not see.
        read_only: a folder below /opt/ml that it must not change.
    """

    folder: Path
    namespaces: bool
    network: bool = False
    hidden: tuple[str, ...] = ()
    read_only: str = ""

    def __post_init__(self) -> None:
        for path in (self.ml, self.home / "tmp", self._stage):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def ml(self) -> Path:
        """Its /opt/ml, as this process sees it."""
        return self.folder / "ml"

    @property
    def home(self) -> Path:
        """Its home and working folder, as this process sees it."""
        return self.folder / "home"

    @property
    def _stage(self) -> Path:
        return self.folder / "stage"

    def path(self, inside: str) -> Path:
        """Where this process finds a path below /opt/ml; it may lead outside when the script made links.

        Raises:
            ValueError: it is not below /opt/ml.
        """
        normal = os.path.normpath(inside)
        if not normal.startswith(f"{ML}/"):
            raise ValueError(f"{inside} is not below {ML}")
        return self.ml / normal.removeprefix(f"{ML}/")

    def translate(self, text: str) -> str:
        """A text for the script: where there are no namespaces, /opt/ml is the private folder."""
        return text if self.namespaces else _ML_PATH.sub(lambda _: str(self.ml), text)

    def environment(self, python: Path, given: Mapping[str, str]) -> dict[str, str]:
        """The script's whole environment: what the images set, and what the request gives."""
        home = _HOME if self.namespaces else str(self.home)
        own = {
            "PATH": f"{python.parent}:{_SYSTEM_PATH}",
            "HOME": home,
            "TMPDIR": str(Path(home, "tmp")),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "UTF-8",
        }
        base = {} if self.namespaces else {"SAGEMAKER_BASE_DIR": str(self.ml)}
        return {**own, **{name: self.translate(value) for name, value in given.items()}, **base}

    def command(self, script: Sequence[str]) -> list[str]:
        """The command that runs `script` inside; it ends with the process that starts it (Linux)."""
        if not self.namespaces:
            return [*_mortal(), *map(self.translate, script)]
        plan = {
            "ml": str(self.ml),
            "home": [str(self.home), _HOME],
            "stage": str(self._stage),
            "hidden": list(self.hidden),
            "read_only": self.read_only,
            "loopback": not self.network,
        }
        inner = [sys.executable, "-I", "-S", str(CONTAINER / "isolation.py"), json.dumps(plan), *script]
        return [*_mortal(), *_unshare(network=self.network), "--", *inner]

    def protect(self) -> None:
        """Without namespaces: take the right to write from the read-only folder, for whoever is not root."""
        if self.namespaces or not self.read_only:
            return
        for place, _, names in os.walk(self.path(self.read_only)):
            for path in (Path(place), *(Path(place, name) for name in names)):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & ~0o222)


def _mortal() -> list[str]:
    known = sys.platform.startswith("linux") and shutil.which("setpriv")
    return ["setpriv", "--pdeathsig", "KILL"] if known else []


def _unshare(*, network: bool) -> list[str]:
    # Nobody but root may make the other namespaces without a user namespace around them.
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    alone = [] if network else ["--net"]
    return ["unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *alone]


def namespaces_work() -> bool:
    """Whether a script can have namespaces here: tried with a real one."""
    if not (sys.platform.startswith("linux") and shutil.which("unshare") and shutil.which("setpriv")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        tried = Sandbox(Path(folder), namespaces=True, read_only=f"{ML}/model")
        (tried.ml / "model").mkdir()
        look = [sys.executable, "-c", f"import os; os.listdir({ML!r} + '/model')"]
        try:
            done = subprocess.run(tried.command(look), capture_output=True, timeout=_PROBE_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0
