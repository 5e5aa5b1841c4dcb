"""The examples as their tests read them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from sagekeep import synthesis
from sagekeep.prove.proof import prove
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform as Files
from sagekeep.settings import environment_file, load
from sagekeep.terraform import Terraform
from stacks.app import synthesize

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def synthesized(env: str, out: Path) -> dict[str, dict[str, Any]]:
    """The Terraform of an example's environment, by stack."""
    synthesize(load(environment_file(env)), out)
    folders = sorted((out / "stacks").iterdir())
    return {folder.name: json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")) for folder in folders}


def faults_of_validate(env: str, out: Path, *stacks: str) -> list[str]:
    """What `terraform validate` says against stacks in `out`; nothing where all are valid."""
    terraform = Terraform.of(synthesis.load(synthesis.project_root(), env, out))
    faults = []
    for stack in (terraform.synthesis.stacks[name] for name in stacks):
        terraform.init_anew(stack, "-backend=false")
        command = ["terraform", "validate", "-no-color"]
        done = subprocess.run(
            command, cwd=stack.folder, env=terraform.variables(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            faults.append(f"{stack.name}: {done.stdout}{done.stderr}")
    return faults


def findings_of_prove(env: str, out: Path) -> list[str]:
    """What `sagekeep prove` finds in `out`."""
    return list(prove(read(Files.of(synthesis.load(synthesis.project_root(), env, out)))).findings())
