"""What a synth wrote, as the tests read it."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagekeep.settings import load
from stacks.app import synthesize

ROOT = Path(__file__).parents[2]
TEMPLATE = ("main.py", "environments", "stacks", "policies", "lambda_src", "ml_src", "sagekeep")


@dataclass(frozen=True)
class Synth:
    """Everything that one synth wrote."""

    out: Path
    stacks: dict[str, dict[str, Any]]

    @property
    def account_id(self) -> str:
        """The account that the environment may be deployed to."""
        account_id: str = self.stacks["keys"]["provider"]["aws"][0]["allowed_account_ids"][0]
        return account_id

    def resources(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Address and body of every resource of some types, in all stacks."""
        for stack, document in self.stacks.items():
            for kind in kinds:
                for name, body in document.get("resource", {}).get(kind, {}).items():
                    yield f"{stack}: {kind}.{name}", body

    def data(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Address and body of every data source of a type."""
        for stack, document in self.stacks.items():
            for name, body in document.get("data", {}).get(kind, {}).items():
                yield f"{stack}: data.{kind}.{name}", body

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every policy statement, with the address of its document."""
        for address, body in self.data("aws_iam_policy_document"):
            for statement in body["statement"]:
                yield address, statement


def synth(environment: str, out: Path) -> Synth:
    """Synthesize one of the repository's environments."""
    return synth_of(ROOT / "environments" / f"{environment}.toml", out)


def synth_of(settings: Path, out: Path) -> Synth:
    """Synthesize the environment of a settings file."""
    synthesize(load(settings), out)
    folders = sorted((out / "stacks").iterdir())
    return Synth(out, {folder.name: json.loads((folder / "cdk.tf.json").read_text()) for folder in folders})


def copy_of_the_project(folder: Path) -> Path:
    """The template and its tool in a folder of their own, without compiled bytecode."""
    folder.mkdir(parents=True)
    for name in TEMPLATE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def run_main(
    project: Path, *, umask: int = 0o022, python: str = sys.executable, **variables: str
) -> subprocess.CompletedProcess[str]:
    """main.py in an interpreter of its own, writing poc to out/ in the project unless `variables` say otherwise."""
    environment = {**os.environ, "SAGEKEEP_ENV": "poc", "SAGEKEEP_OUT": "out", **variables}
    return subprocess.run(
        [python, "main.py"], cwd=project, env=environment, umask=umask, capture_output=True, text=True, check=False
    )


def differences(left: Path, right: Path) -> list[str]:
    """Names of files below two folders that are in one of them only, or differ in a byte."""
    compared = filecmp.dircmp(left, right)
    _, wrong, errors = filecmp.cmpfiles(left, right, compared.common_files, shallow=False)
    found = [*compared.left_only, *compared.right_only, *wrong, *errors]
    for name in compared.common_dirs:
        found += differences(left / name, right / name)
    return found
