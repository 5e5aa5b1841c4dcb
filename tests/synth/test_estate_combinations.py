"""Estates of which others have made any part: every two options together are synthesized, validated and left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estate_combinations import THINGS, Pair, Row, pairs, pairs_of, rows
from estate_settings import document
from fixed_addresses import addresses, fixed
from sagekeep import synthesis
from sagekeep.settings import parse
from sagekeep.settings_faults import SettingsError
from sagekeep.terraform import Terraform
from stacks.app import synthesize
from synths import ROOT

ROWS = rows()
# Options that no settings have both, as docs/estates.md says; every other two are in a row.
OF_A_VPC = {
    "endpoints": ("s3", "interfaces", "all"),
    "groups": ("endpoints", "all"),
    "subnets": ("theirs",),
    "route_tables": ("theirs",),
    "associate_s3": ("yes",),
    "flow_logs": ("on",),
    "domain": ("theirs",),
}
NEVER: set[Pair] = {
    *((("vpc", "ours"), (thing, value)) for thing, values in OF_A_VPC.items() for value in values),
    (("endpoints", "ours"), ("associate_s3", "yes")),
    (("endpoints", "interfaces"), ("associate_s3", "yes")),
    (("endpoints", "interfaces"), ("groups", "ours")),
    (("endpoints", "all"), ("groups", "ours")),
    (("keys.data", "ours"), ("data_bucket", "theirs")),
    (("keys.studio", "ours"), ("domain", "theirs")),
    (("domain", "theirs"), ("roles.studio-sweeper", "theirs")),
}
# Option -> addresses of poc that are not made; what begins so counts, `: NAME` is a resource of any kind.
NOT_MADE: dict[tuple[str, str], tuple[str, ...]] = {
    ("vpc", "theirs"): ("network: aws_vpc.", "network: aws_default_security_group."),
    ("subnets", "theirs"): ("network: aws_subnet.", "network: aws_route_table"),
    ("route_tables", "theirs"): ("network: aws_route_table.",),
    ("endpoints", "s3"): ("network: aws_vpc_endpoint.endpoint_s3",),
    ("endpoints", "interfaces"): ("network: aws_vpc_endpoint.endpoint_sts", "network: aws_vpc_endpoint.endpoint_kms"),
    ("endpoints", "all"): ("network: aws_vpc_endpoint.",),
    ("groups", "endpoints"): (
        "network: aws_security_group.groups_endpoints",
        *(f"network: groups_in_{group}_to_endpoints" for group in ("functions", "jobs", "studio")),
    ),
    ("groups", "all"): ("network: aws_security_group.", "network: aws_vpc_security_group_"),
    **{(f"keys.{p}", "theirs"): (f"keys: {p}_key", f"keys: {p}_alias") for p in ("data", "logs", "studio")},
    ("keys.state", "theirs"): ("state: aws_kms_",),
    ("data_bucket", "theirs"): ("storage: ",),
    ("access_log_bucket", "theirs"): ("storage: access_logs",),
    ("state_bucket", "theirs"): ("state: ",),
    ("domain", "theirs"): ("studio: sweeper", "studio: studio_domain", "studio: studio_network_sweep"),
    ("topic", "theirs"): ("pipeline: aws_sns_topic.", "pipeline: aws_sns_topic_policy."),
    **{(f"roles.{p}", "theirs"): (f"pipeline: {p}_access",) for p in ("job", "pipeline")},
    ("roles.studio", "theirs"): ("studio: access_",),
    ("roles.flow-logs", "theirs"): ("network: flow_access",),
    ("roles.studio-sweeper", "theirs"): ("studio: sweeper_access",),
    ("roles.functions", "theirs"): tuple(
        f"pipeline: {name}_access" for name in ("pipeline_manager", "pipeline_reader", "data_seed", "job_sweeper")
    ),
}
# Kind of resource that configures another thing -> the argument that says which.
CONFIGURES = {
    "aws_default_security_group": "vpc_id",
    "aws_flow_log": "vpc_id",
    "aws_iam_role_policy": "role",
    "aws_iam_role_policy_attachment": "role",
    "aws_kms_alias": "target_key_id",
    "aws_route_table_association": "subnet_id",
    "aws_sns_topic_policy": "arn",
    "aws_vpc_security_group_egress_rule": "security_group_id",
    "aws_vpc_security_group_ingress_rule": "security_group_id",
}
Documents = Mapping[str, dict[str, Any]]


@pytest.fixture(scope="module")
def outs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every row, synthesized."""
    folder = tmp_path_factory.mktemp("estates")
    for at, row in enumerate(ROWS):
        synthesize(parse(document(row), environment="test"), folder / str(at))
    return [folder / str(at) for at in range(len(ROWS))]


def documents(out: Path) -> Documents:
    return {f.name: json.loads((f / "cdk.tf.json").read_text()) for f in sorted((out / "stacks").iterdir())}


def test_every_two_options_that_settings_may_have_are_in_a_row() -> None:
    """Settings take every row, so what is in one may be."""
    assert len(ROWS) >= 12
    for row in ROWS:
        parse(document(row), environment="test")
    covered = set().union(*(pairs_of(row) for row in ROWS))
    assert {frozenset(pair) for pair in pairs() if pair not in covered} == {frozenset(pair) for pair in NEVER}


@given(
    pair=st.sampled_from(sorted(NEVER)),
    row=st.sampled_from(ROWS) | st.fixed_dictionaries({t: st.sampled_from(v) for t, v in THINGS.items()}),
)
def test_settings_refuse_the_other_pairs_whatever_else_they_bring(pair: Pair, row: Row) -> None:
    with pytest.raises(SettingsError):
        parse(document(row | dict(pair)), environment="test")


def not_made(row: Row) -> Iterator[str]:
    for option in row.items():
        yield from NOT_MADE.get(option, ())
    if row["vpc"] == "theirs" and row["flow_logs"] == "off":
        yield "network: flow_"


def begins(address: str, start: str) -> bool:
    stack, _, name = address.partition(": ")
    return address.startswith(start) or f"{stack}: {name.partition('.')[2]}".startswith(start)


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_what_is_brought_is_no_resource_and_all_else_keeps_its_address(at: int, outs: list[Path]) -> None:
    row, found, before = ROWS[at], addresses(documents(outs[at])), fixed("poc")
    starts = tuple(not_made(row))
    absent = {"state"} if row["state_bucket"] == "theirs" else set()
    gone = {
        address
        for address in before
        if (": output." not in address and any(begins(address, start) for start in starts))
        or address.partition(":")[0] in absent
    }
    assert before - found == gone
    associated = {f"network: aws_vpc_endpoint_route_table_association.{name}" for name in associations(row)}
    assert found - before == associated


def associations(row: Row) -> list[str]:
    """Their S3 endpoint in our or their route tables, which is of our doing."""
    if row["associate_s3"] == "no":
        return []
    one = row["route_tables"] == "theirs" and row["found_by"] != "id"
    return ["endpoint_s3_association" if one else f"endpoint_s3_association_{n}" for n in ((1,) if one else (1, 2))]


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_every_resource_that_configures_another_thing_configures_one_of_ours(at: int, outs: list[Path]) -> None:
    for stack, found in documents(outs[at]).items():
        for kind, bodies in found.get("resource", {}).items():
            argument = "bucket" if kind.startswith("aws_s3_bucket_") else CONFIGURES.get(kind)
            for name, body in bodies.items() if argument else ():
                asked_for = kind == "aws_flow_log" and ROWS[at]["flow_logs"] == "on"
                ours = body[argument].startswith("${aws_")
                assert ours or asked_for, f"{stack}: {kind}.{name} is about {body[argument]}"


@pytest.fixture(scope="module")
def root(outs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that calls each different stack of all rows: the provider takes seconds to start, and does so once."""
    folder, calls, provider = tmp_path_factory.mktemp("root"), {}, {}
    for out in outs:
        for stack, found in documents(out).items():
            provider = found.pop("provider")
            del found["terraform"]["backend"]
            name = f"{stack}_{hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]}"
            if name not in calls and any(found.get(part) for part in ("resource", "data", "output")):
                shutil.copytree(out / "stacks" / stack, folder / name)
                (folder / name / "cdk.tf.json").write_text(json.dumps(found))
                calls[name] = {"source": f"./{name}"}
    (folder / "main.tf.json").write_text(json.dumps({"module": calls, "provider": provider}))
    return folder


def test_terraform_validates_every_stack(root: Path, outs: list[Path]) -> None:
    variables = Terraform.of(synthesis.load(ROOT, "test", outs[0])).variables()
    for arguments in (["init", "-input=false"], ["validate"]):
        command = ["terraform", *arguments, "-no-color"]
        done = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Success! The configuration is valid." in done.stdout
