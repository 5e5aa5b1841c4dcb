"""The lifecycle script that writes the SageMaker SDK's defaults, run by bash as Studio runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from policies.jobs import Placement
from sagekeep.settings import parse
from stacks.parts import sdk_defaults

SETTINGS = parse({"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}, environment="test")
PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), "arn:aws:kms:us-east-1:123456789012:key/k")
CONFIG = json.dumps(sdk_defaults.defaults(SETTINGS, PLACE))


def run(home: Path) -> str:
    """Runs the lifecycle script in a home; the defaults that lie there then."""
    before, after = sdk_defaults.SCRIPT
    environment = {**os.environ, "SAGEKEEP_HOME": str(home)}
    subprocess.run(["bash"], input=f"{before}{CONFIG}{after}", text=True, env=environment, check=True)
    return (home / sdk_defaults.DEFAULTS).read_text()


def body(text: str) -> dict[str, object]:
    comment, _, rest = text.partition("\n")
    assert comment.startswith("#")
    loaded: dict[str, object] = json.loads(rest)
    return loaded


def test_the_files_are_written_and_written_again(tmp_path: Path) -> None:
    assert body(run(tmp_path)) == json.loads(CONFIG)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert body(run(tmp_path)) == json.loads(CONFIG)
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_of_the_users_own_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / sdk_defaults.DEFAULTS
    target.parent.mkdir(parents=True)
    target.write_text("SchemaVersion: '1.0'\n")
    (tmp_path / ".bashrc").write_text("alias l=ls\n")
    assert run(tmp_path) == "SchemaVersion: '1.0'\n"
    assert (tmp_path / ".bashrc").read_text().startswith("alias l=ls\n")


def test_terminals_and_kernels_have_what_the_sdk_takes_from_the_environment(tmp_path: Path) -> None:
    run(tmp_path)
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    shell = ["bash", "-c", '. "$HOME/.bashrc"; exec "$0" -c "$1"', sys.executable, show]
    kernel = [sys.executable, "-c", f"{(tmp_path / sdk_defaults.KERNELS).read_text()}\n{show}"]
    for command in (shell, kernel):
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
        assert sdk_defaults.ENVIRONMENT.items() <= json.loads(done.stdout).items()
        own = {**clean, "SAGEMAKER_VALIDATE_ROLE": "true"}
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["SAGEMAKER_VALIDATE_ROLE"] == "true"


def test_every_kind_of_job_gets_our_subnets_groups_and_keys() -> None:
    parts = sdk_defaults.defaults(SETTINGS, PLACE)["SageMaker"]
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]}
    assert parts["TrainingJob"]["VpcConfig"] == vpc
    assert parts["ProcessingJob"]["NetworkConfig"]["VpcConfig"] == vpc
    assert parts["Model"]["VpcConfig"] == vpc
    assert parts["TrainingJob"]["ResourceConfig"]["VolumeKmsKeyId"] == PLACE.key_arn
    assert parts["ProcessingJob"]["ProcessingOutputConfig"]["KmsKeyId"] == PLACE.key_arn
    assert all(parts[kind]["EnableNetworkIsolation"] for kind in ("TrainingJob", "Model"))


def test_the_sdk_reports_its_use_to_nobody() -> None:
    assert sdk_defaults.defaults(SETTINGS, PLACE)["SageMaker"]["PythonSDK"]["Modules"]["TelemetryOptOut"] is True
