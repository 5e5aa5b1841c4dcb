"""`sagekeep review` as a person or a CI meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.review import corpus

ROOT = Path(__file__).parents[2]


def sagekeep(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, run in a folder."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), "COLUMNS": "120"}
    command = [sys.executable, "-m", "sagekeep", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Outside of any project, with the plans of some cases."""
    for case, stack in (("studio-key", "studio"), ("no-op", "keys"), ("tags", "storage")):
        (tmp_path / f"{stack}.json").write_text(corpus.text(case, stack))
    return tmp_path


def test_a_studio_key_that_changes_fails_and_says_what_is_lost(folder: Path) -> None:
    done = sagekeep(folder, "review", "studio.json")
    assert done.returncode == 1
    assert "data loss  The Studio domain acme-ml-studio is replaced because kms_key_id changes" in done.stdout
    assert "the home directories of all users are lost" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("fails  estate: 3 made anew in studio; data loss 2")
    assert done.stderr == ""


def test_what_is_harmless_passes(folder: Path) -> None:
    done = sagekeep(folder, "review", "keys.json", "storage.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("passes  estate: ")


def test_the_reports_agree(folder: Path) -> None:
    machine = json.loads(sagekeep(folder, "review", "studio.json", "--json", "--html", "page.html").stdout)
    comment = sagekeep(folder, "review", "studio.json", "--markdown").stdout
    assert (machine["verdict"], machine["worst"], machine["gate"]["passes"]) == ("fails", "data loss", False)
    assert len(machine["findings"]) == 3
    assert comment.count("**data loss**") == 2
    assert (folder / "page.html").read_text().count('class="finding data-loss"') == 2


def test_bad_input_is_told_and_nothing_is_written(folder: Path) -> None:
    (folder / "bad.json").write_bytes(b"PK\x03\x04")
    done = sagekeep(folder, "review", "studio.json", "bad.json", "--html", "page.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "error: bad.json: is a binary plan file\n  print it first: terraform show -json bad.json"
    )
    assert not (folder / "page.html").exists()


WRONG = (
    (["review"], "Missing argument"),
    (["review", "studio.json", "studio.json"], "are both plans of studio"),
    (["review", "studio.json", "--markdown", "--json"], "both print"),
    (["review", "studio.json", "--html", "no/such/folder.html"], "cannot be written"),
    (["review", "studio.json", "--rules", "none.toml"], "none.toml: cannot be read"),
    (["review", "studio.json", "--model", "none.json"], "none.json: cannot be read as a model"),
)


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_a_wrong_command_line_is_told(folder: Path, arguments: list[str], said: str) -> None:
    done = sagekeep(folder, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_plans_of_two_environments_are_not_mixed(folder: Path) -> None:
    other = corpus.text("no-op", "keys").replace('"Environment":"estate"', '"Environment":"prod"')
    (folder / "keys.json").write_text(other)
    done = sagekeep(folder, "review", "studio.json", "keys.json")
    assert done.returncode == 2
    assert "plans of several environments: estate (studio.json), prod (keys.json)" in done.stderr


def test_the_environment_and_its_rules_can_be_named(folder: Path) -> None:
    (folder / "rules.toml").write_text('[environments.mine.risk]\n"data loss" = "warn"\n')
    done = sagekeep(folder, "review", "studio.json", "--env", "mine", "--rules", "rules.toml")
    assert done.returncode == 0
    assert "passes with warnings" in done.stdout


def test_construct_paths_come_from_the_model_beside_the_plan(folder: Path) -> None:
    resource = {"path": "studio/studio/domain", "address": "aws_sagemaker_domain.studio_domain"}
    (folder / "model.json").write_text(json.dumps({"stacks": {"studio": {"resources": [resource]}}}))
    assert (
        "studio/studio/domain (aws_sagemaker_domain.studio_domain)" in sagekeep(folder, "review", "studio.json").stdout
    )


def test_construct_paths_come_from_cdktf_s_own_file(folder: Path) -> None:
    body = {"//": {"metadata": {"path": "studio/studio/domain", "uniqueId": "studio_domain"}}}
    stack = {"//": {"metadata": {"stackName": "studio"}}, "resource": {"aws_sagemaker_domain": {"studio_domain": body}}}
    (folder / "cdk.tf.json").write_text(json.dumps(stack))
    assert "studio/studio/domain (aws_sagemaker" in sagekeep(folder, "review", "studio.json").stdout
