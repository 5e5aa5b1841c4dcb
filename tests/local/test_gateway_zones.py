"""The zones that the network stack chooses, by real terraform: those in which everything is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sagekeep.local.instance import Instance
from sagekeep.settings import parse
from stacks.app import synthesize
from tests.local.gateway_cloud import ACCOUNT, REGION
from tests.local.small_root import SmallRoot


def network(folder: Path) -> dict[str, Any]:
    """The synthesized network stack with three zones."""
    raw = {"prefix": "acme", "account_id": ACCOUNT, "region": REGION, "network": {"zones": 3}}
    synthesize(parse(raw, environment="zones"), folder)
    document: dict[str, Any] = json.loads((folder / "stacks" / "network" / "cdk.tf.json").read_text(encoding="utf-8"))
    return document


def test_zones_without_lambda_or_an_endpoints_service_are_passed_over(running: Instance, tmp_path: Path) -> None:
    """On the embedded AWS us-east-1b is use1-az3, and us-east-1c lacks CloudWatch's endpoint service."""
    document = network(tmp_path / "out")
    kinds = ("aws_availability_zones", "aws_vpc_endpoint_service")
    zones = [subnet["availability_zone_id"] for subnet in document["resource"]["aws_subnet"].values()]
    root = SmallRoot(tmp_path, running)
    (tmp_path / "main.tf.json").write_text(
        json.dumps(
            {
                "provider": {"aws": {}},
                "data": {kind: document["data"][kind] for kind in kinds},
                "output": {"zones": {"value": zones}},
            }
        ),
        encoding="utf-8",
    )
    root.terraform("init")
    root.terraform("apply", "-auto-approve")
    state = json.loads((tmp_path / "terraform.tfstate").read_text(encoding="utf-8"))
    assert state["outputs"]["zones"]["value"] == ["use1-az1", "use1-az2", "use1-az4"]
