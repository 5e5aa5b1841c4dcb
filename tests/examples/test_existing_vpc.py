"""examples/existing-vpc: what is made in a network that is brought, and what is left alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from brought_network import ROOT, SETTINGS, Platform
from sagekeep import synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.local import instance
from sagekeep.settings import load
from sagekeep.stackset import StackResult
from sagekeep.terraform import Terraform
from stacks.app import synthesize

NOT_OURS = (
    "aws_vpc",
    "aws_subnet",
    "aws_route_table",
    "aws_route_table_association",
    "aws_default_security_group",
    "aws_flow_log",
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, synthesized."""
    folder = tmp_path_factory.mktemp("existing-vpc") / "out"
    synthesize(load(SETTINGS), folder)
    return folder


def network_in(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "stacks" / "network" / "cdk.tf.json").read_text())
    return document


def addresses(document: dict[str, Any]) -> set[str]:
    return {f"{kind}.{name}" for kind, bodies in document["resource"].items() for name in bodies}


def test_nothing_that_is_brought_is_a_resource(out: Path) -> None:
    resources = network_in(out)["resource"]
    assert not set(NOT_OURS) & set(resources)
    assert not {"endpoint_s3", "endpoint_sts"} & set(resources["aws_vpc_endpoint"])
    assert set(resources["aws_security_group"]) == {"groups_studio", "groups_jobs", "groups_functions"}
    rules = resources["aws_vpc_security_group_ingress_rule"]
    brought = "${data.aws_security_group.groups_endpoints.id}"
    assert brought not in {rule["security_group_id"] for rule in rules.values()}


def test_what_is_made_has_the_addresses_and_outputs_that_it_always_has(out: Path, tmp_path: Path) -> None:
    synthesize(load(ROOT / "environments" / "poc.toml"), tmp_path / "poc")
    brought, ours = network_in(out), network_in(tmp_path / "poc")
    assert addresses(brought) < addresses(ours)
    assert set(brought["output"]) == set(ours["output"])


def test_terraform_validates_the_stacks_that_differ(out: Path) -> None:
    terraform = Terraform.of(synthesis.load(ROOT, str(SETTINGS), out))
    for stack in (terraform.synthesis.stacks[name] for name in ("network", "detection")):
        terraform.init_anew(stack, "-backend=false")
        done = subprocess.run(
            ["terraform", "validate", "-no-color"],
            cwd=stack.folder,
            env=terraform.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{stack.name}: {done.stdout}{done.stderr}"


def results(found: Mapping[str, StackResult]) -> Iterable[StackResult]:
    return found.values()


def plan_without_dns(platform: Platform, operations: Operations) -> str:
    """What terraform alone says, without the check that sagekeep makes before."""
    change = {"VpcId": platform.vpc_id, "EnableDnsHostnames": {"Value": False}}
    platform.ec2.modify_vpc_attribute(**change)
    stack = operations.synthesis.stacks["network"]
    code, report = operations.terraform.run(stack, "plan", "-json", "-input=false", "-no-color")
    platform.ec2.modify_vpc_attribute(**change | {"EnableDnsHostnames": {"Value": True}})
    assert code == 1
    return "\n".join(error.text() for error in report.errors)


@pytest.mark.slow
def test_deployed_and_destroyed_the_network_is_as_it_was(tmp_path: Path) -> None:
    """State, keys, network and storage; the other stacks read the network's outputs only."""
    platform = Platform.begin(tmp_path)
    try:
        before = platform.described()
        operations = Operations.of(platform.synthesis, platform.variables)
        StateHome(operations).bootstrap(quick=True)
        assert {r.stack: r.error for r in results(operations.deploy(("keys", "network", "storage"))) if not r.ok} == {}
        assert [r.status for r in results(operations.plan(("network",)))] == ["unchanged"]
        platform.team("plan", "-input=false", "-detailed-exitcode")  # exit code 2, for the owners, would be a change
        assert "existing.vpc: DNS hostnames are off" in plan_without_dns(platform, operations)
        assert {r.stack: r.error for r in results(operations.destroy(("keys", "network", "storage"))) if not r.ok} == {}
        assert platform.described() == before
    finally:
        instance.down(platform.instance.home)
