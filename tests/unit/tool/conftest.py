"""A project of tiny stacks: real terraform, terraform_data only, local backends; no provider and no network."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sagekeep.deploy import Operations
from sagekeep.progress import Board
from sagekeep.synthesis import Synthesis, load
from sagekeep.terraform import Terraform

Body = Mapping[str, Any]


class Project:
    """Writes what main.py would write."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "environments").mkdir()
        (root / "environments" / "poc.toml").write_text('prefix = "t"\n')
        self.out = root / "cdktf.out"
        self.manifest: dict[str, Any] = {}
        self.progress = io.StringIO()

    def stack(self, name: str, *needs: str, **resources: Body) -> None:
        """A stack that reads output `id` of each stack in `needs` and has one terraform_data per keyword."""
        folder = self.out / "stacks" / name
        folder.mkdir(parents=True, exist_ok=True)
        read = {f"from_{need}": {"input": f"${{data.terraform_remote_state.{need}.outputs.id}}"} for need in needs}
        document: dict[str, Any] = {
            "terraform": {"backend": {"local": {"path": f"../{name}.tfstate"}}},
            "resource": {"terraform_data": {"own": {"input": name}, **read, **resources}},
            "output": {"id": {"value": "${terraform_data.own.id}"}},
        }
        if needs:
            remote = {need: {"backend": "local", "config": {"path": f"../{need}.tfstate"}} for need in needs}
            document["data"] = {"terraform_remote_state": remote}
        self.write(name, document, needs)

    def write(self, name: str, document: Body, needs: tuple[str, ...] = ()) -> None:
        """A stack as it stands in `document`."""
        folder = self.out / "stacks" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cdk.tf.json").write_text(json.dumps(document))
        self.manifest[name] = {
            "name": name,
            "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
            "workingDirectory": f"stacks/{name}",
            "dependencies": list(needs),
        }
        (self.out / "manifest.json").write_text(json.dumps({"version": "0.21.0", "stacks": self.manifest}))

    def load(self) -> Synthesis:
        """The stacks written so far."""
        return load(self.root, "poc")

    def operations(self) -> Operations:
        """Operations on them that print nothing."""
        synthesis = self.load()
        board = Board(Console(file=self.progress, width=200))
        return Operations(synthesis, Terraform.of(synthesis, environment()), board)


def environment() -> dict[str, str]:
    """This process's environment, without a CLI configuration or AWS of whoever runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "AWS_", "SAGEKEEP_"))}


def provisioner(command: str) -> Body:
    """A resource that runs a shell command while it is made."""
    return {"provisioner": [{"local-exec": {"command": command}}]}


def python(code: str) -> str:
    """A shell command that runs Python."""
    return f"{sys.executable} -c '{code}'"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
