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


def test_cdktf_deploys_all_stacks_in_order(cdktf: Path, account: Estate) -> None:
    operations = account.operations()
    variables = Terraform.of(operations.synthesis, account.instance.environment()).variables()
    environment = variables | {"SAGEKEEP_ENV": str(account.file), "CI": "1", "HOME": os.environ["HOME"]}
    command = [str(cdktf), "deploy", "*", "--auto-approve", "--skip-provider-lock", "--output", str(account.out)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    results = account.operations().plan()
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(results, "unchanged")
    manifest = json.loads((account.out / "manifest.json").read_text())
    assert set(manifest["stacks"]) == set(results)
    assert faults(destroy_all(account.operations())) == {}
    assert leftovers.left(account.instance) == []
