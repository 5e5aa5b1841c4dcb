"""Ways to synthesize that bench/synth.py compares: commands, and which of them this machine has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ("main.py", "environments", "stacks", "policies", "lambda_src", "ml_src", "sagekeep")
TERRAIN = ROOT / ".venv-terrain" / "bin" / "python"
CDK = ROOT / "bench" / "cdk"
CACHE = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"


@dataclass(frozen=True)
class Way:
    """A command that synthesizes; `takes_settings`: SAGEKEEP_ENV and SAGEKEEP_OUT say which environment and where."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    takes_settings: bool = True


@dataclass(frozen=True)
class Run:
    """Seconds from start to end, and resident megabytes at most of any process that took part."""

    seconds: float
    peak: float


def run(way: Way, **variables: str) -> Run:
    """One synth. Raises SystemExit with what it said when it fails."""
    environment = {**os.environ, **way.variables, **variables}
    began = time.perf_counter()
    with subprocess.Popen(
        way.command, cwd=way.cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr
        said = running.stderr.read().decode(errors="replace")
        # The largest of the process and of all below it that were waited for; kilobytes on Linux, bytes on macOS.
        _, status, usage = os.wait4(running.pid, 0)
        seconds = time.perf_counter() - began
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{way.name}: exit code {running.returncode}\n{said}")
    return Run(seconds, usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))


def sagekeep() -> Way:
    """The project as it is."""
    return Way("SageKeep", (sys.executable, "main.py"), ROOT)


def stock() -> Way:
    """The same stacks with cdktf's own import, and without what main.py does about garbage: as an ordinary app."""
    command = (sys.executable, "-c", "import main, sys; sys.exit(main.main())")
    return Way("stock import", command, ROOT, {"SAGEKEEP_STOCK_IMPORT": "1"})


def stock_without_collection() -> Way:
    """What is left of the stock import when main.py keeps Python from looking for garbage."""
    return Way("stock, gc off", (sys.executable, "main.py"), ROOT, {"SAGEKEEP_STOCK_IMPORT": "1"})


def terrain(folder: Path) -> Way | None:
    """The same stacks on CDK Terrain, the maintained fork: a copy in `folder` that imports its packages instead."""
    if not TERRAIN.is_file():
        return None
    for name in TEMPLATE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for file in [folder / "sagekeep" / "bindings.py", *(folder / "stacks").rglob("*.py")]:
        text = file.read_text(encoding="utf-8").replace("cdktf_cdktf_provider_aws", "cdktn_provider_aws")
        text = re.sub(r"^(from|import) cdktf\b", r"\1 cdktn", text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")
    return Way("CDK Terrain", (str(TERRAIN), "-c", "import main, sys; sys.exit(main.main())"), folder)


def cdk(folder: Path) -> Way | None:
    """`cdk synth` of bench/cdk, an app in TypeScript of about half the resources, run as `cdk init` sets it up."""
    if not (CDK / "node_modules" / "aws-cdk-lib").is_dir() or shutil.which("npx") is None:
        return None
    command = ("npx", "cdk", "synth", "--quiet", "--output", str(folder))
    return Way("CDK, TypeScript", command, CDK, takes_settings=False)


def resources(out: Path) -> int:
    """Managed resources in the Terraform below a folder."""
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in out.glob("stacks/*/cdk.tf.json")]
    return sum(len(bodies) for document in documents for bodies in document.get("resource", {}).values())
