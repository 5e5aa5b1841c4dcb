"""`sagekeep plan --review` on a deployed environment: the settings change, nothing else does."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from estates import ROOT, Estate
from sagekeep.deploy import Operations
from sagekeep.review.planning import plan_and_review

pytestmark = pytest.mark.timeout(1200)


def sagekeep(estate: Estate, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, with the estate's settings and account."""
    command = [sys.executable, "-m", "sagekeep", *arguments, "--env", str(estate.file), "--out", str(estate.out)]
    env = {**estate.instance.environment(), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_nothing_changed_is_nothing_found(estate: Estate) -> None:
    results, reviewed = plan_and_review(estate.operations(), ["studio", "storage"])
    assert {result.status for result in results.values()} == {"unchanged"}
    assert reviewed is not None
    assert reviewed.review.findings == ()
    assert reviewed.decision.passes


def test_another_studio_key_loses_home_directories_and_does_not_pass(estate: Estate) -> None:
    before = estate.file.read_text()
    keys = estate.client("kms")
    key = keys.create_key(Description="another team's")["KeyMetadata"]["Arn"]
    estate.file.write_text(f'{before}\n[existing.keys]\nstudio = "{key}"\n')
    try:
        done = sagekeep(estate, "plan", "--review", "--json", "--stack", "keys", "--stack", "studio")
    finally:
        estate.file.write_text(before)
        keys.schedule_key_deletion(KeyId=key)
    assert done.returncode == 1, done.stderr
    found = {(one["risk"], one["rule"], one["path"]) for one in json.loads(done.stdout)["findings"]}
    assert ("data loss", "key-deleted", "") in found
    domain = next(one for one in json.loads(done.stdout)["findings"] if one["rule"] == "will-be-made-anew")
    assert (domain["path"], domain["verdict"]) == ("studio/studio/domain", "fail")
    assert "the home directories of all users are lost" in domain["sentence"]


def test_no_plan_is_left_behind(estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plan_and_review(estate.operations(), ["keys"])
    assert list(tmp_path.iterdir()) == []
    assert list(estate.folder.rglob("*.tfplan")) == []
    assert list(estate.folder.rglob("logs/*show*")) == []


def with_another_file(operations: Operations) -> None:
    """The sweeper's archive in the synthesized files gets a file more, as if its sources had."""
    folder = operations.synthesis.stacks["studio"].folder
    document = json.loads((folder / "cdk.tf.json").read_text())
    (function,) = document["resource"]["aws_lambda_function"].values()
    archive = folder / function["filename"]
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("another.py", "")
    function["source_code_hash"] = base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode()
    (folder / "cdk.tf.json").write_text(json.dumps(document))


def test_a_function_that_gets_other_code_has_the_files_named_that_change(estate: Estate) -> None:
    """The archive that is deployed is had from AWS, with the right that a plan needs anyway."""
    operations = estate.operations()
    with_another_file(operations)
    _, reviewed = plan_and_review(operations, ["studio"])
    assert reviewed is not None
    (finding,) = (one for one in reviewed.review.findings if one.rule == "function-code-changed")
    assert finding.details == ("another.py is new",)
