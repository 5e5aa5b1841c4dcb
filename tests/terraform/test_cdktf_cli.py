"""`cdktf deploy`: the same stacks, deployed by CDKTF's own command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from estates import ROOT, Estate, faults
from sagekeep.local import instance, leftovers
from sagekeep.review.planning import plan_and_review
from sagekeep.review.session import Session
from sagekeep.teardown import destroy_all
from sagekeep.terraform import Terraform

CLI = "cdktf-cli@0.21.0"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def cdktf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed by npm. It is built for Node up to 22."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on the PATH")
    folder = tmp_path_factory.mktemp("cdktf-cli")
    command = ["npm", "install", "--no-fund", "--no-audit", "--loglevel=error", CLI]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    return folder / "node_modules" / ".bin" / "cdktf"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Estate]:
    made = Estate.begin(tmp_path)
    try:
        made.state_home().bootstrap()
        yield made
    finally:
        instance.down(made.instance.home)


def run(cdktf: Path, account: Estate, *arguments: str) -> None:
    """cdktf, with the account's settings and environment."""
    variables = Terraform.of(account.operations().synthesis, account.instance.environment()).variables()
    environment = variables | {"SAGEKEEP_ENV": str(account.file), "CI": "1", "HOME": os.environ["HOME"]}
    command = [str(cdktf), *arguments, "--skip-provider-lock", "--output", str(account.out)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_plan_of_cdktf_is_read_like_one_of_terraform(cdktf: Path, account: Estate) -> None:
    operations = account.operations()
    _, ours = plan_and_review(operations, ["keys"])
    run(cdktf, account, "plan", "keys")
    stack = operations.synthesis.stacks["keys"]
    file = account.folder / "keys.json"
    file.write_bytes(
        Terraform.of(operations.synthesis, operations.terraform.environ).show(stack, stack.folder / "plan")
    )
    theirs = Session.of(env=operations.synthesis.environment, models=[account.out / "model.json"]).files([file])
    assert ours is not None
    assert ours.review.findings
    assert [f.document() for f in theirs.review.findings] == [f.document() for f in ours.review.findings]


def test_cdktf_deploys_all_stacks_in_order(cdktf: Path, account: Estate) -> None:
    run(cdktf, account, "deploy", "*", "--auto-approve")
    results = account.operations().plan()
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(results, "unchanged")
    manifest = json.loads((account.out / "manifest.json").read_text())
    assert set(manifest["stacks"]) == set(results)
    assert faults(destroy_all(account.operations())) == {}
    assert leftovers.left(account.instance) == []
