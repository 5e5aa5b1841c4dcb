"""The command line of the embedded AWS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sagekeep.errors import OperationError
from sagekeep.local import instance
from sagekeep.local.cli import app
from tests.local.gateway_cloud import Cloud

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    home = tmp_path / "home"

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--home", str(home)])

    yield run
    instance.down(home)


DEPLOYER = "arn:aws:iam::210987654321:role/somebody"
SETTINGS = f"""
prefix = "acme"
account_id = "210987654321"
region = "eu-central-1"
[deploy]
roles = ["{DEPLOYER}"]
"""


def test_its_life_from_the_command_line(command: Command, tmp_path: Path) -> None:
    settings = tmp_path / "abroad.toml"
    settings.write_text(SETTINGS)
    assert command("status", "--json").exit_code == 1
    up = command("up", "--env", str(settings))
    assert up.exit_code == 0, up.output
    facts = json.loads(command("status", "--json").output)
    assert (facts["running"], facts["account_id"], facts["region"]) == (True, "210987654321", "eu-central-1")
    assert facts["admin"] == DEPLOYER
    lines = command("env").output.splitlines()
    assert "export AWS_REGION=eu-central-1" in lines
    waiting = json.loads(command("fault", "sts:GetCallerIdentity", "--times", "2").output)["waiting"]
    assert [(fault["action"], fault["left"]) for fault in waiting] == [("sts:GetCallerIdentity", 2)]
    assert json.loads(command("fault", "--clear").output)["waiting"] == []
    assert command("down").output == "Stopped.\n"
    assert command("down").output.startswith("No local AWS ran")


@pytest.mark.parametrize("other", ["AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "https_proxy", "no_proxy", "ALL_PROXY"])
def test_a_terminal_led_here_has_no_other_way_to_aws(
    command: Command, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("up")
    monkeypatch.setenv(other, "elsewhere")
    script = f"{command('env').output}\nenv"
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    variables = dict(line.split("=", 1) for line in shell.stdout.splitlines() if "=" in line)
    assert other not in variables
    assert variables["HTTPS_PROXY"].startswith("http://127.0.0.1:")


def test_it_tells_who_did_what(command: Command, tmp_path: Path) -> None:
    command("up")
    running = instance.find(tmp_path / "home")
    assert running is not None
    Cloud(running.variables())("sqs").list_queues()
    (line,) = command("calls").output.splitlines()
    assert line.split() == [
        "1",
        "assumed-role/sagekeep-deployer/sagekeep",
        "sqs:ListQueues",
        "from",
        "internet",
        "allowed",
    ]
    (seen,) = json.loads(command("calls", "--json").output)
    assert (seen["count"], seen["action"], seen["denied"]) == (1, "sqs:ListQueues", "")


@pytest.mark.parametrize("words", [("env",), ("calls",), ("fault", "s3:GetObject")])
def test_without_an_instance_it_says_how_to_start_one(command: Command, words: tuple[str, ...]) -> None:
    result = command(*words)
    assert isinstance(result.exception, OperationError)
    assert "sagekeep local up" in result.exception.hint
