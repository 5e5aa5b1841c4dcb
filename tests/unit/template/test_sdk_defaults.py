"""The lifecycle script that writes the SageMaker SDK's defaults, run by bash as Studio runs it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from policies.jobs import Placement
from sagekeep.settings import parse
from stacks.parts import sdk_defaults

SETTINGS = parse({"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}, environment="test")
PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), "arn:aws:kms:us-east-1:123456789012:key/k")
CONFIG = json.dumps(sdk_defaults.defaults(SETTINGS, PLACE))


def run(target: Path) -> str:
    before, after = sdk_defaults.SCRIPT
    environment = {**os.environ, "SAGEKEEP_SDK_DEFAULTS": str(target)}
    subprocess.run(["bash"], input=f"{before}{CONFIG}{after}", text=True, env=environment, check=True)
    return target.read_text()


def body(text: str) -> dict[str, object]:
    comment, _, rest = text.partition("\n")
    assert comment.startswith("#")
    loaded: dict[str, object] = json.loads(rest)
    return loaded


def test_the_file_is_written_and_written_again(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "config.yaml"
    assert body(run(target)) == json.loads(CONFIG)
    assert body(run(target)) == json.loads(CONFIG)


def test_a_file_of_the_users_own_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "config.yaml"
    target.write_text("SchemaVersion: '1.0'\n")
    assert run(target) == "SchemaVersion: '1.0'\n"


def test_every_kind_of_job_gets_our_subnets_groups_and_keys() -> None:
    parts = sdk_defaults.defaults(SETTINGS, PLACE)["SageMaker"]
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]}
    assert parts["TrainingJob"]["VpcConfig"] == vpc
    assert parts["ProcessingJob"]["NetworkConfig"]["VpcConfig"] == vpc
    assert parts["Model"]["VpcConfig"] == vpc
    assert parts["TrainingJob"]["ResourceConfig"]["VolumeKmsKeyId"] == PLACE.key_arn
    assert parts["ProcessingJob"]["ProcessingOutputConfig"]["KmsKeyId"] == PLACE.key_arn
    assert all(parts[kind]["EnableNetworkIsolation"] for kind in ("TrainingJob", "Model"))
