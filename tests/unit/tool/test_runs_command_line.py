"""`run`, `status`, `stop` and `logs` where there is no account to reach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.tool.conftest import Project, environment

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = 'prefix = "t"\naccount_id = "123456789012"\nregion = "us-east-1"\n'


@pytest.fixture
def folder(project: Project) -> Path:
    (project.root / "environments" / "poc.toml").write_text(SETTINGS)
    (project.root / "main.py").touch()
    return project.root


def sagekeep(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(folder), "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sagekeep", *words]
    return subprocess.run(
        command, cwd=folder, env=environment() | nowhere, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", ["run", "status", "stop", "logs"])
def test_each_command_explains_itself(folder: Path, command: str) -> None:
    assert "Usage" in sagekeep(folder, command, "--help").stdout


@pytest.mark.parametrize("command", ["run", "status", "stop", "logs"])
def test_without_credentials_it_says_how_to_log_in(folder: Path, command: str) -> None:
    done = sagekeep(folder, command)
    assert done.returncode == 1
    assert "no AWS credentials were found" in done.stderr
    assert "aws sso login" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_told_before_any_account_is_looked_for(folder: Path) -> None:
    for words in (
        ("run", "--param", "nonsense"),
        ("run", "--data", "nowhere.csv"),
        ("run", "--label", "a", "--param", "Label=b"),
        ("status", "--env", "nowhere"),
    ):
        done = sagekeep(folder, *words)
        assert (done.returncode, "error: " in done.stderr) == (2, True), words
        assert "Traceback" not in done.stderr
