"""The command line as a user meets it: exit codes, messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.tool.conftest import Project, environment, provisioner

ROOT = Path(__file__).resolve().parents[3]


def sagekeep(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = environment() | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "HOME": str(folder), **variables}
    command = [sys.executable, "-m", "sagekeep", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def ready(project: Project) -> Project:
    """Two stacks and a main.py that has nothing to write."""
    project.stack("keys")
    project.stack("network", "keys")
    (project.root / "main.py").write_text("")
    return project


def test_help_answers_without_what_takes_long_to_import(tmp_path: Path) -> None:
    """0.3 s on an idle machine; how long it takes elsewhere says nothing of the code."""
    code = "import sys, sagekeep.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sagekeep(tmp_path, "--help").returncode == 0
    assert "typer" in done.stdout.split()
    slow = {"boto3", "botocore", "cdktf", "cdktf_cdktf_provider_aws", "hypercorn", "jsii", "ministack", "pandas"}
    assert not slow & set(done.stdout.split())


@pytest.mark.parametrize(
    "command", ["doctor", "synth", "plan", "deploy", "destroy", "unlock", "demo", "scan", "settings", "state"]
)
def test_each_command_explains_itself(tmp_path: Path, command: str) -> None:
    assert "Usage" in sagekeep(tmp_path, command, "--help").stdout


def test_outside_a_project_it_says_where_to_go(tmp_path: Path) -> None:
    done = sagekeep(tmp_path, "plan")
    assert done.returncode == 2
    assert "not inside a SageKeep project" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_life_in_json(ready: Project) -> None:
    root = ready.root
    planned = sagekeep(root, "plan", "--json", "--detailed-exitcode")
    assert planned.returncode == 2
    assert [s["status"] for s in json.loads(planned.stdout)["stacks"]] == ["planned", "waits for keys"]
    deployed = sagekeep(root, "deploy", "--yes", "--json")
    assert deployed.returncode == 0
    assert [s["add"] for s in json.loads(deployed.stdout)["stacks"]] == [1, 2]
    assert sagekeep(root, "plan", "--detailed-exitcode").returncode == 0
    destroyed = sagekeep(root, "destroy", "--yes")
    assert destroyed.returncode == 0
    assert "destroyed" in destroyed.stdout


def test_no_colour_reaches_a_file(ready: Project) -> None:
    done = sagekeep(ready.root, "plan")
    assert "\x1b" not in done.stdout + done.stderr


def test_a_failed_deploy_ends_with_1_and_shows_the_error_once(ready: Project) -> None:
    ready.stack("keys", bad=provisioner("echo out of luck; exit 3"))
    done = sagekeep(ready.root, "deploy", "--yes")
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count("error: ") == 1
    assert "out of luck" in done.stdout
    assert "not started" in done.stdout


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_nothing_is_changed_unasked(ready: Project, command: str) -> None:
    done = sagekeep(ready.root, command)
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_what_main_says_about_settings_is_passed_on_with_its_exit_code(ready: Project) -> None:
    (ready.root / "main.py").write_text("import sys; print('prefix: must be lower case', file=sys.stderr); sys.exit(2)")
    done = sagekeep(ready.root, "synth")
    assert done.returncode == 2
    assert "prefix: must be lower case" in done.stderr


def test_a_crash_of_main_is_told_as_such(ready: Project) -> None:
    (ready.root / "main.py").write_text("raise ValueError('a bug')")
    done = sagekeep(ready.root, "synth")
    assert done.returncode == 1
    assert "main.py failed" in done.stderr
    assert "a bug" in done.stderr


def test_what_main_says_of_the_bindings_is_seen_while_it_runs(ready: Project) -> None:
    seen = ready.root / "seen"
    said = "sagekeep: unpacking the AWS bindings"
    (ready.root / "main.py").write_text(
        f"import pathlib, sys, time\nprint({said!r}, file=sys.stderr, flush=True)\n"
        f"while not pathlib.Path({str(seen)!r}).exists(): time.sleep(0.01)\n"
    )
    env = environment() | {"PYTHONPATH": str(ROOT), "HOME": str(ready.root)}
    command = [sys.executable, "-m", "sagekeep", "synth"]
    with subprocess.Popen(command, cwd=ready.root, env=env, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline() == f"{said}\n"  # main.py ends only after this
        seen.touch()
    assert running.returncode == 0


def test_environments_never_share_an_output_folder(ready: Project) -> None:
    (ready.root / "main.py").write_text("import os; print(os.environ['SAGEKEEP_OUT']); raise SystemExit(2)")
    (ready.root / "environments" / "prod.toml").touch()
    said = [sagekeep(ready.root, "synth", "--env", env).stderr for env in ("poc", "prod", "environments/prod.toml")]
    assert "cdktf.out" in said[0]
    assert "cdktf.prod.out" in said[1]
    assert "cdktf.prod.out" in said[2]


def test_doctor_names_what_is_missing_and_how_to_mend_it(ready: Project) -> None:
    empty = ready.root / "empty"
    empty.mkdir()
    done = sagekeep(ready.root, "doctor", "--json", PATH=str(empty))
    assert done.returncode == 1
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings["terraform"]["status"] == "missing"
    assert "1.10" in findings["terraform"]["mend"]
    assert findings["python"]["status"] == "ok"


def test_doctor_refuses_a_terraform_that_is_too_old(ready: Project) -> None:
    folder = ready.root / "old"
    folder.mkdir()
    fake = folder / "terraform"
    fake.write_text('#!/bin/sh\necho \'{"terraform_version": "1.9.8"}\'\n')
    fake.chmod(0o755)
    done = sagekeep(ready.root, "doctor", PATH=f"{folder}:/usr/bin:/bin")
    assert done.returncode == 1
    assert "1.9.8 is too old" in done.stdout


def test_the_settings_schema_is_json(tmp_path: Path) -> None:
    schema = json.loads(sagekeep(tmp_path, "settings", "schema").stdout)
    assert {"prefix", "account_id", "region"} <= set(schema["properties"])


def test_a_local_backend_needs_no_bootstrap(ready: Project) -> None:
    done = sagekeep(ready.root, "state", "bootstrap")
    assert (done.returncode, "not needed" in done.stdout) == (0, True)
