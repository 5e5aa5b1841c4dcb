"""What AWS would refuse for its size is refused when it is synthesized, with the number that fits; the rest passes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from sagekeep import limits, sizes
from sagekeep.settings import SettingsError, parse
from stacks.app import synthesize
from synths import Synth

ACCOUNT = "123456789012"
BASE = {"prefix": "acme", "account_id": ACCOUNT, "region": "us-east-1", "network": {"cidr": "10.40.0.0/16"}}
PERSONAS = ("data_scientist", "ml_engineer", "administrator", "auditor")
EVERYBODY = {name: {"principals": [f"arn:aws:iam::{ACCOUNT}:role/{name}"]} for name in PERSONAS}


def synthesized_with(folder: Path, **sections: Any) -> dict[str, dict[str, Any]]:
    settings = parse({**BASE, **sections}, environment="test")
    (folder / "out").mkdir(parents=True)
    synthesize(settings, folder / "out")
    return {f.name: json.loads((f / "cdk.tf.json").read_text()) for f in (folder / "out" / "stacks").iterdir()}


def refusal(folder: Path, **sections: Any) -> tuple[str, int]:
    """The key of the only fault, and how many entries fit."""
    with pytest.raises(SettingsError) as refused:
        synthesized_with(folder, **sections)
    (fault,) = refused.value.faults
    fits = re.search(r"the first (\d+) fit", fault.rule)
    return fault.key, int(fits[1]) if fits else 0


def measured(stacks: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Size of every argument that the table has a row for."""
    return {
        f"{stack}: {kind}.{name}.{argument} {limit.id}": limit.size(sizes._text(value, document))
        for stack, document in stacks.items()
        for kind, bodies in document.get("resource", {}).items()
        for name, body in bodies.items()
        for argument, value in body.items()
        for limit in limits.by_argument().get(f"{kind}.{argument}", ())
    }


def users(number: int) -> dict[str, Any]:
    return {"users": [f"user{n:03}-with-a-name" for n in range(number)], "role_per_user": True}


def test_two_hundred_users_with_roles_of_their_own_fit_and_no_policy_grows_with_them(tmp_path: Path) -> None:
    one = measured(synthesized_with(tmp_path / "one", studio=users(1), personas=EVERYBODY))
    many = measured(synthesized_with(tmp_path / "many", studio=users(200), personas=EVERYBODY))
    assert {address: (size, many[address]) for address, size in one.items() if many[address] != size} == {}
    assert len(many) > len(one) + 199 * 5


def test_outputs_of_too_many_users_do_not_fit_into_a_parameter(tmp_path: Path) -> None:
    names = {"users": [f"user{n:03}-{'x' * 50}" for n in range(90)]}
    outputs = {"ssm_prefix": "/acme/ml"}
    key, fit = refusal(tmp_path / "many", studio=names, outputs=outputs)
    assert (key, fit) == ("studio.users", 69)  # 4,096 characters of 58 and a comma
    synthesized_with(tmp_path / "fit", studio={"users": names["users"][:fit]}, outputs=outputs)
    assert refusal(tmp_path / "more", studio={"users": names["users"][: fit + 1]}, outputs=outputs) == (key, fit)


@pytest.mark.parametrize("name", ["team-{:02}-that-deploys", "sso/{:02}/*/Deploy*"], ids=["characters", "wildcards"])
def test_deployers_that_do_not_fit_into_event_patterns_are_refused_with_the_number_that_fits(
    name: str, tmp_path: Path
) -> None:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name.format(n)}" for n in range(40)]
    key, fit = refusal(tmp_path / "many", deploy={"roles": roles})
    assert key == "deploy.roles"
    assert 0 < fit < 40
    synthesized_with(tmp_path / "fit", deploy={"roles": roles[:fit]})
    assert refusal(tmp_path / "more", deploy={"roles": roles[: fit + 1]}) == (key, fit)
    synthesized_with(tmp_path / "told", deploy={"roles": roles}, detection={"include_deployments": True})


def test_the_same_holds_for_lists_in_policies_of_buckets(tmp_path: Path) -> None:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/planner-{n:03}" for n in range(300)]
    key, fit = refusal(tmp_path / "many", deploy={"plan_roles": roles})
    assert key == "deploy.plan_roles"
    synthesized_with(tmp_path / "fit", deploy={"plan_roles": roles[:fit]})
    assert refusal(tmp_path / "more", deploy={"plan_roles": roles[: fit + 1]})[0] == key


def test_the_longest_names_and_paths_that_settings_take_fit(tmp_path: Path) -> None:
    longest = {
        "prefix": "a" * 24,
        "iam": {"role_path": "/" + "/".join(["x" * 64] * 4) + "/", "permissions_boundary": ""},
        "pipeline": {"name": "p" * 40, "label": "l" * 100},
        "tags": {f"{n}{'k' * 127}": "v" * 256 for n in range(7)},
        "studio": {"users": ["u" * 15, "w" * 15], "role_per_user": True},
    }
    synthesized_with(tmp_path, **longest, personas=EVERYBODY)


def test_a_trust_policy_takes_as_many_long_principals_as_fit(tmp_path: Path) -> None:
    arns = [f"arn:aws:iam::{ACCOUNT}:role/{n}/{'x' * 200}" for n in range(10)]
    key, fit = refusal(tmp_path / "many", personas={"auditor": {"principals": arns}})
    assert key == "personas.auditor.principals"
    synthesized_with(tmp_path / "fit", personas={"auditor": {"principals": arns[:fit]}})


def test_the_fault_says_setting_rule_and_what_would_be_refused(tmp_path: Path) -> None:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/sso/{n}/*/Deploy*" for n in range(9)]
    with pytest.raises(SettingsError) as refused:
        synthesized_with(tmp_path, deploy={"roles": roles})
    assert list(tmp_path.rglob("*.tf.json")) == []
    text = str(refused.value)
    assert "deploy.roles: has 9 entries, of which the first 1 fit; name them without wildcards" in text
    assert "detection: aws_cloudwatch_event_rule.security_" in text
    assert "may have 6 wildcards, and has 21" in text


# Arguments whose limit nobody of ours can reach, or that hold no text of ours.
_UNMEASURED = re.compile(
    r"aws_\w+\.(?:\w*policy_arn|\w*kms_key\w*|role_name|bucket|function_name|queue_url|statement_id|log_group_name|"
    r"alarm_description|retention_policy|force_overwrite_\w+|bypass_policy_lockout_safety_check|tracing_config|"
    r"rule_name|key_id|service_name|kms_master_key_id|redrive_policy|metric_name|instance_type\w*|retry_policy|"
    r"block_public_policy)"
)
_TEXTS = re.compile(r"name|\w+_name|policy|\w+_policy|policy_document|description|event_pattern|path|environment|value")


def test_every_name_policy_and_description_that_is_emitted_has_a_limit(
    synthesized: Synth, with_options: Synth, people: Synth
) -> None:
    emitted = {
        f"{kind}.{argument}"
        for synth in (synthesized, with_options, people)
        for document in synth.stacks.values()
        for kind, bodies in document["resource"].items()
        for body in bodies.values()
        for argument in body
        if kind.startswith("aws_") and _TEXTS.fullmatch(argument)
    }
    unmeasured = {one for one in emitted - set(limits.by_argument()) if not _UNMEASURED.fullmatch(one)}
    assert unmeasured == set()


def test_rows_name_operations_and_parameters_that_aws_has() -> None:
    session = botocore.session.get_session()
    services = {"events": "events", "lambda": "lambda"}
    for parameter in limits.by_parameter():
        service, _, rest = parameter.partition(":")
        operation, _, member = rest.partition(".")
        shape = session.get_service_model(services.get(service, service)).operation_model(operation).input_shape
        attributes = {"Attributes", "AttributeName"} & set(shape.members)
        assert member == "(body)" or member in shape.members or attributes, parameter


def test_one_of_a_list_of_ids_is_measured_as_one(poc: Synth) -> None:
    text = "${element(data.terraform_remote_state.network.outputs.subnet_ids, 3)}"
    assert len(sizes._text(text, poc.stacks["keys"])) == len("subnet-0123456789abcdef0")


def test_ids_that_only_aws_knows_are_measured_at_their_greatest_length(poc: Synth) -> None:
    longest = {
        "key_arn": "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef",
        "vpc_id": "vpc-0123456789abcdef0",
        "domain_id": "d-0123456789ab",
        "subnet_ids": ",".join(["subnet-0123456789abcdef0"] * 6),
        "security_group_id": "sg-0123456789abcdef0",
    }
    for end, value in longest.items():
        text = f"${{data.terraform_remote_state.network.outputs.{end}}}"
        assert len(sizes._text(text, poc.stacks["keys"])) >= len(value), end


def test_the_beginning_of_a_computed_text_is_measured_as_long_as_it_is() -> None:
    name = (
        'acme-sdk-defaults-${substr(sha256(join(" ", ["0", data.terraform_remote_state.keys.outputs.key_arn])), 0, 8)}'
    )
    assert len(sizes._text(name, {})) == len("acme-sdk-defaults-01234567")
