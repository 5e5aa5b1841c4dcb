"""SageMaker's condition keys about KMS keys, by their present and their replaced names: policies hold for either.

AWS replaced `sagemaker:VolumeKmsKey` and its like by `...KmsKeyArn` and does not say which a request still has. Every
combination of what a request may have is tried here, before two evaluators: ours and the embedded AWS's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from policies import encryption, guardrails, jobs, personas, studio
from policies.encryption import OUTPUT, VOLUME, KeyNames
from policies.jobs import Placement
from policies.statement import Statement
from sagekeep.iam.reference import replaced_by
from sagekeep.settings import Settings, parse
from tests.verdicts import EVERYTHING, Caller, Request, both_say

SETTINGS = parse({"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}, environment="test")
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHERS = (KEY.replace("1111", "9999"), "arn:aws:kms:us-east-1:999999999999:key/theirs", "alias/aws/ebs")
PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), KEY)
STUDIO = studio.Studio(PLACE, KEY.replace("1111", "2222"), "vpc-1")
SURROUNDINGS = personas.Surroundings("d-1", "sg-2", STUDIO)
RAILS = guardrails.guardrails(SETTINGS, PLACE)
CALLER = Caller("123456789012", "arn:aws:iam::123456789012:role/acme-ml-x")
IAM_DATA = Path(__file__).parents[2] / "npm" / "node_modules" / "@cloud-copilot" / "iam-data" / "data"

Policies = Callable[[Settings], list[Statement]]
# Roles as they are deployed: people's have the guardrails beside their own policy.
ROLES: dict[str, Policies] = {
    "pipeline": lambda s: jobs.pipeline_role(s, PLACE),
    "studio": lambda s: [
        *studio.studio_role(s, STUDIO),
        *studio.jobs_of_ones_own(s, PLACE),
        *studio.endpoints_of_ones_own(s, PLACE),
        *RAILS,
    ],
    "studio of one user": lambda s: [
        *studio.studio_role(s, STUDIO, studio.Owner("d-1", "jo")),
        *studio.jobs_of_ones_own(s, PLACE),
        *studio.endpoints_of_ones_own(s, PLACE),
        *RAILS,
    ],
    **{
        purpose: lambda s, make=make: [*make(s, SURROUNDINGS), *RAILS]  # type: ignore[misc]
        for purpose, make in personas.POLICIES.items()
    },
}
CREATES_JOBS = ("pipeline", "studio", "studio of one user")
SEALED: dict[str, str | list[str]] = {
    "sagemaker:VpcSubnets": ["subnet-1"],
    "sagemaker:VpcSecurityGroupIds": ["sg-1"],
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:InterContainerTrafficEncryption": "true",
    "sagemaker:DirectInternetAccess": "Disabled",
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
MADE = {
    "CreateProcessingJob": f"{ARN}processing-job/pipelines-x",
    "CreateTrainingJob": f"{ARN}training-job/pipelines-x",
    "CreateEndpointConfig": f"{ARN}endpoint-config/{SETTINGS.pipeline.name}-x",
}


def actions_with(name: str) -> set[str]:
    """Actions of SageMaker that have a condition key, by the Service Authorization Reference."""
    actions = json.loads((IAM_DATA / "actions" / "sagemaker.json").read_text(encoding="utf-8")).values()
    return {
        action["name"]
        for action in actions
        for holder in (action, *action["resourceTypes"])
        if name in holder.get("conditionKeys", ())
    }


def requests(action: str, resource: str, others: tuple[str, ...] = OTHERS[:1]) -> Iterator[tuple[Request, bool]]:
    """Every way to name keys under every name, and whether each key that the action has is named, and is ours."""
    kinds = [keys for keys in (VOLUME, OUTPUT) if action in actions_with(keys.present)]
    values = (None, KEY, *others)
    for chosen in product(values, repeat=2 * len(kinds)):
        named = dict(zip((name for keys in kinds for name in keys), chosen, strict=True))
        ours = all({named[name] for name in keys} - {None} == {KEY} for keys in kinds)
        present = {name: value for name, value in named.items() if value is not None}
        yield Request(f"sagemaker:{action}", resource, (*SEALED.items(), *present.items())), ours


@pytest.mark.parametrize("action", MADE)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_creates_what_names_our_keys_under_whichever_name_and_nothing_else(role: str, action: str) -> None:
    statements = ROLES[role](SETTINGS)
    may_create = role in CREATES_JOBS and (role == "pipeline" or action != "CreateEndpointConfig")
    for asked, ours in requests(action, MADE[action], OTHERS):
        allowed = both_say(statements, CALLER, asked) == "Allow"
        assert allowed == (ours and may_create), asked


@pytest.mark.parametrize("world", ["new", "old", "both"])
@pytest.mark.parametrize("keys", [VOLUME, OUTPUT], ids=["volume", "output"])
def test_guardrails_deny_people_every_key_but_ours_whatever_else_they_are_allowed(keys: KeyNames, world: str) -> None:
    denials = [EVERYTHING, *RAILS]
    sid = "DenyVolumesUnderOtherKeys" if keys == VOLUME else "DenyOutputsUnderOtherKeys"
    names = {"new": keys[:1], "old": keys[1:], "both": keys}[world]
    sealed = [(name, KEY) for other in {VOLUME, OUTPUT} - {keys} for name in other]
    covered = actions_with(keys.present) - {"CreateDomain", "CreateJob", "CreateLabelingJob"}
    for action in sorted(covered):
        for value in (KEY, *OTHERS, None):
            asked = [(name, value) for name in names if value is not None]
            request = Request(f"sagemaker:{action}", f"{ARN}x/y", (*SEALED.items(), *sealed, *asked))
            assert both_say(denials, CALLER, request) == ("Allow" if value == KEY else sid), (action, asked)


@pytest.mark.parametrize("action", sorted(MADE))
def test_the_pipeline_is_denied_work_without_a_key_by_a_statement_that_says_so(action: str) -> None:
    wide = [EVERYTHING, *jobs.pipeline_role(SETTINGS, PLACE)]
    asked = Request(f"sagemaker:{action}", MADE[action], tuple(SEALED.items()))
    assert both_say(wide, CALLER, asked) == "DenyVolumesWithoutAKey"


def test_no_statement_about_a_key_is_met_by_one_of_its_names_alone() -> None:
    """An `IfExists` on one name only would let every request with the other through."""
    pairs = [set(VOLUME), set(OUTPUT)]
    for role, make in ROLES.items():
        for statement in make(SETTINGS):
            variables = {c.variable for c in statement.conditions}
            assert all(not pair & variables or pair <= variables for pair in pairs), (role, statement.sid)


def test_the_table_of_replaced_keys_has_every_key_that_aws_calls_replaced_and_no_other() -> None:
    found = {}
    for file in (IAM_DATA / "conditionKeys").glob("*.json"):
        for key in json.loads(file.read_text(encoding="utf-8")).values():
            if "deprecated" in key["description"].lower():
                found[key["key"]] = key["description"]
    assert found.keys() == replaced_by().keys()
    assert all(new in found[old] for old, new in replaced_by().items())


def test_both_names_of_a_key_are_a_pair_of_the_table() -> None:
    assert {keys.replaced: keys.present for keys in (VOLUME, OUTPUT)}.items() <= replaced_by().items()


def test_what_holds_for_ours_is_denied_where_a_key_is_missing() -> None:
    """`ours` alone would be an allow of what is not encrypted: it is never without `missing`."""
    allowed = [*encryption.ours(VOLUME, KEY)]
    action = "sagemaker:CreateEndpointConfig"
    statement = Statement("Create", "Allow", (action,), resources=("*",), conditions=tuple(allowed), why="x")
    nothing = Request("sagemaker:CreateEndpointConfig", "*")
    assert both_say([statement], CALLER, nothing) == "Allow"
    missing = encryption.missing("DenyIt", VOLUME, ["sagemaker:CreateEndpointConfig"], ["*"])
    assert both_say([statement, missing], CALLER, nothing) == "DenyIt"
