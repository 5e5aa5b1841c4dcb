"""A project whose stacks are written by hand, and the real scanners."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = "aws_iam_policy_document"


@dataclass(frozen=True)
class Project:
    """What main.py would have written, and the command line over it."""

    root: Path

    def write(self, **stacks: Mapping[str, Any]) -> None:
        """Stacks as they stand in the documents."""
        manifest = {}
        for name, document in stacks.items():
            folder = self.root / "cdktf.out" / "stacks" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cdk.tf.json").write_text(json.dumps(document))
            at = {"synthesizedStackPath": f"stacks/{name}/cdk.tf.json", "workingDirectory": f"stacks/{name}"}
            manifest[name] = {"name": name, "dependencies": [], **at}
        (self.root / "cdktf.out" / "manifest.json").write_text(json.dumps({"stacks": manifest}))

    def register(self, text: str) -> None:
        (self.root / "environments" / "exceptions.toml").write_text(text)

    def scan(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sagekeep", "scan", "--as-synthesized", *options]
        return subprocess.run(command, cwd=self.root, env=variables(), capture_output=True, text=True, check=False)

    def findings(self, *options: str) -> set[tuple[str, str, str]]:
        """Id, address and Sid of every unlisted finding."""
        done = self.scan("--json", *options)
        assert done.returncode == 1, done.stderr
        return {(f["id"], f["address"], f["statement"]) for f in json.loads(done.stdout)["unlisted"]}


def variables() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "environments").mkdir()
    (tmp_path / "main.py").touch()
    (tmp_path / ".venv-scanners").symlink_to(ROOT / ".venv-scanners")
    return Project(tmp_path)


def role(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A stack of one role, whose policy has one statement."""
    access = {"role": "${aws_iam_role.worker.name}", "policy": f"${{data.{DOCUMENT}.access.json}}"}
    trust = {
        "sid": "LambdaMayAssume",
        "actions": ["sts:AssumeRole"],
        "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
    }
    worker = {"name": "worker", "assume_role_policy": f"${{data.{DOCUMENT}.trust.json}}"}
    return {
        "data": {DOCUMENT: {"access": {"statement": [dict(statement)]}, "trust": {"statement": [trust]}}},
        "resource": {"aws_iam_role": {"worker": worker}, "aws_iam_role_policy": {"worker": access}},
    }
