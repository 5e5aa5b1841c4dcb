"""Attempts on endpoints, buckets, keys, topics and queues: who is stopped, and by which statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policies import alerts, buckets, endpoints, keys
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings, parse
from tests.verdicts import EVERYTHING, Caller, Request, keys_as_on_aws, request, verdict

ACCOUNT, OTHER, ORGANIZATION = "123456789012", "999999999999", "o-a1b2c3d4e5"
DEPLOYER, PLANNER = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("deployer", "planner"))
DOCUMENT: dict[str, Any] = {
    "prefix": "acme-ml",
    "account_id": ACCOUNT,
    "region": "us-east-1",
    "deploy": {"roles": [DEPLOYER], "plan_roles": [PLANNER]},
    "alerts": {"queue": True, "email_domains": ["example.com"]},
}
S = parse(DOCUMENT, environment="test")
IN_ORG = parse({**DOCUMENT, "perimeter": {"organization": ORGANIZATION}}, environment="test")

US = Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/acme-ml-studio-us-east-1")
DEPLOYS, PLANS = Caller(ACCOUNT, DEPLOYER), Caller(ACCOUNT, PLANNER)
STRANGER = Caller(OTHER)
NOBODY = Caller("", "anonymous", "Anonymous")
SERVICE = Caller("", "*", "AWSService")

DATA, STATE, LOGS = (names.bucket_arn(S, purpose) for purpose in ("data", "state", "access-logs"))
TOPIC, QUEUE = names.topic_arn(S), names.arn(S, "sqs", "acme-ml-pipeline-alerts")
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
LAYER = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/layer"
IMAGE = endpoints.image_repositories(S)[0]


@pytest.fixture(autouse=True)
def as_on_aws() -> Iterator[None]:
    with keys_as_on_aws():
        yield


def data_bucket(s: Settings) -> list[Statement]:
    return [*buckets.closed(s, DATA), *buckets.our_key_only(DATA, KEY)]


def state_bucket(s: Settings) -> list[Statement]:
    return [*buckets.closed(s, STATE), *buckets.state_perimeter(s, STATE)]


def log_bucket(s: Settings) -> list[Statement]:
    return [*buckets.closed(s, LOGS), buckets.untouched_logs(LOGS)]


Policy = Callable[[Settings], list[Statement]]
PLAIN, FOR_OTHERS = {"aws__SecureTransport": "false"}, {"aws__SourceAccount": OTHER}
OUR_JOB, FOREIGN_JOB = (f"arn:aws:sagemaker:us-east-1:{account}:training-job/x" for account in (ACCOUNT, OTHER))
OUR_MAIL = {"sns__Protocol": "email", "sns__Endpoint": "a@example.com"}
OUR_SOURCE = {"aws__SourceArn": TOPIC, "aws__SourceAccount": ACCOUNT}

# Policy, caller, request, the statement that stops it.
STOPPED: dict[str, tuple[Policy, Caller, Request, str]] = {
    "another account through an endpoint": (
        endpoints.our_account, STRANGER, request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/x"),
        "DenyPrincipalsOfAnyOtherAccount",
    ),
    "nobody through an endpoint": (
        endpoints.our_account, NOBODY, request("sagemaker:DescribeTrainingJob", OUR_JOB),
        "DenyPrincipalsOfAnyOtherAccount",
    ),
    "we, on another account's job": (
        endpoints.our_account, US, request("sagemaker:StopTrainingJob", FOREIGN_JOB), "DenyResourcesOfAnyOtherAccount",
    ),
    "we, on another account's repository": (
        endpoints.our_account_and_images, US, request("ecr:PutImage", f"arn:aws:ecr:us-east-1:{OTHER}:repository/x"),
        "DenyResourcesOfAnyOtherAccount",
    ),
    "we, on another bucket": (
        endpoints.s3, US, request("s3:PutObject", "arn:aws:s3:::elsewhere/x"), "DenyEveryOtherBucket",
    ),
    "we, on our bucket's name in other hands": (
        endpoints.s3, US, request("s3:PutObject", f"{DATA}/x", aws__ResourceAccount=OTHER), "DenyTheBucketInOtherHands",
    ),
    "another account on our bucket, from the VPC": (
        endpoints.s3, STRANGER, request("s3:GetObject", f"{DATA}/x", aws__ResourceAccount=ACCOUNT),
        "DenyPrincipalsOfAnyOtherAccount",
    ),
    "another account on the data bucket": (
        data_bucket, STRANGER, request("s3:GetObject", f"{DATA}/x"), "DenyOtherAccounts",
    ),
    "nobody on the state bucket": (state_bucket, NOBODY, request("s3:ListBucket", STATE), "DenyOtherAccounts"),
    "another account on the logs": (log_bucket, STRANGER, request("s3:GetObject", f"{LOGS}/x"), "DenyOtherAccounts"),
    "we, without TLS, on the logs": (
        log_bucket, US, request("s3:GetObject", f"{LOGS}/x", **PLAIN), "DenyPlainHttp",
    ),
    "a service that acts for another account on the logs": (
        log_bucket, SERVICE, request("s3:PutObject", f"{LOGS}/x", **FOR_OTHERS), "DenyServicesThatActForOthers",
    ),
    "we, deleting a log": (log_bucket, US, request("s3:DeleteObject", f"{LOGS}/x"), "DenyTamperingWithLogs"),
    "who deploys, deleting a version of a log": (
        log_bucket, DEPLOYS, request("s3:DeleteObjectVersion", f"{LOGS}/x"), "DenyTamperingWithLogs",
    ),
    "who deploys, overwriting a log": (
        log_bucket, DEPLOYS, request("s3:PutObject", f"{LOGS}/x"), "DenyTamperingWithLogs",
    ),
    "we, reading the state": (
        state_bucket, US, request("s3:GetObject", f"{STATE}/test/terraform.tfstate"), "DenyReadingTheStateToOthers",
    ),
    "we, locking the state": (
        state_bucket, US, request("s3:PutObject", f"{STATE}/test/terraform.tfstate.tflock"),
        "DenyLockingTheStateToOthers",
    ),
    "who plans, writing the state": (
        state_bucket, PLANS, request("s3:PutObject", f"{STATE}/test/terraform.tfstate"), "DenyWritingTheStateToOthers",
    ),
    "another account changing the data key": (
        keys.data_key, STRANGER, request("kms:PutKeyPolicy", KEY), "DenyOtherAccounts",
    ),
    "a grant for a principal": (
        keys.data_key, US, request("kms:CreateGrant", KEY, kms__GrantIsForAWSResource="false"),
        "DenyGrantsToOthersThanAwsServices",
    ),
    "a grant of the state's key": (
        keys.state_key, DEPLOYS, request("kms:CreateGrant", KEY, kms__GrantIsForAWSResource="false"),
        "DenyGrantsToOthersThanAwsServices",
    ),
    "a service that acts for another account on the topic": (
        alerts.topic, SERVICE, request("sns:Publish", TOPIC, **FOR_OTHERS), "DenyServicesThatActForOthers",
    ),
    "another account on the topic": (alerts.topic, STRANGER, request("sns:Publish", TOPIC), "DenyOtherAccounts"),
    "we, without TLS, changing the topic": (
        alerts.topic, US, request("sns:SetTopicAttributes", TOPIC, **PLAIN), "DenyPlainHttp",
    ),
    "a mailbox elsewhere": (
        alerts.topic, DEPLOYS, request("sns:Subscribe", TOPIC, sns__Protocol="email", sns__Endpoint="a@example.org"),
        "DenyMailToOtherDomains",
    ),
    "a queue of another account": (
        alerts.topic, DEPLOYS,
        request("sns:Subscribe", TOPIC, sns__Protocol="sqs", sns__Endpoint=f"arn:aws:sqs:us-east-1:{OTHER}:q"),
        "DenyQueuesOfOtherAccounts",
    ),
    "a web server": (
        alerts.topic, DEPLOYS, request("sns:Subscribe", TOPIC, sns__Protocol="https", sns__Endpoint="https://x.org"),
        "DenyOtherKindsOfSubscriptions",
    ),
    "another account on the queue": (alerts.queue, STRANGER, request("sqs:ReceiveMessage", QUEUE), "DenyOtherAccounts"),
    "we, without TLS, on the queue": (alerts.queue, US, request("sqs:ReceiveMessage", QUEUE, **PLAIN), "DenyPlainHttp"),
    "a topic of another account on the queue": (
        alerts.queue, SERVICE, request("sqs:SendMessage", QUEUE, aws__SourceArn=TOPIC, **FOR_OTHERS),
        "DenyServicesThatActForOthers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attempt", STOPPED)
def test_who_is_stopped_is_stopped_by_the_statement_about_it_and_by_no_other(attempt: str) -> None:
    make, caller, asked, sid = STOPPED[attempt]
    policy = [EVERYTHING, *make(S)]
    assert verdict(policy, caller, asked) == sid
    assert verdict([statement for statement in policy if statement.sid != sid], caller, asked) == "Allow"


# Policy, caller, request: none of the denials may be about these.
SERVED: dict[str, tuple[Policy, Caller, Request]] = {
    "our own, on ours": (endpoints.our_account, US, request("sagemaker:DescribeTrainingJob", OUR_JOB)),
    "a call without a resource": (endpoints.our_account, US, request("ecr:GetAuthorizationToken")),
    "a service on our behalf": (endpoints.our_account, SERVICE, request("sagemaker:ListModels")),
    "an image of AWS": (endpoints.our_account_and_images, US, request("ecr:BatchGetImage", IMAGE)),
    "a layer of an image, signed by ECR's account": (endpoints.s3, STRANGER, request("s3:GetObject", LAYER)),
    "our data": (endpoints.s3, US, request("s3:GetObject", f"{DATA}/x", aws__ResourceAccount=ACCOUNT)),
    "S3's log delivery": (log_bucket, SERVICE, request("s3:PutObject", f"{LOGS}/x", aws__SourceAccount=ACCOUNT)),
    "who reads the logs": (log_bucket, US, request("s3:GetObject", f"{LOGS}/x")),
    "who deploys": (state_bucket, DEPLOYS, request("s3:PutObject", f"{STATE}/test/terraform.tfstate")),
    "who plans, reading": (state_bucket, PLANS, request("s3:GetObject", f"{STATE}/test/terraform.tfstate")),
    "who plans, locking": (state_bucket, PLANS, request("s3:DeleteObject", f"{STATE}/test/terraform.tfstate.tflock")),
    "CloudWatch Logs with the key": (keys.logs_key, SERVICE, request("kms:GenerateDataKey", KEY)),
    "a volume's grant": (keys.data_key, US, request("kms:CreateGrant", KEY, kms__GrantIsForAWSResource="true")),
    "EventBridge, which says nothing of its source": (alerts.topic, SERVICE, request("sns:Publish", TOPIC)),
    "a mailbox of ours": (alerts.topic, DEPLOYS, request("sns:Subscribe", TOPIC, **OUR_MAIL)),
    "our queue": (alerts.topic, DEPLOYS, request("sns:Subscribe", TOPIC, sns__Protocol="sqs", sns__Endpoint=QUEUE)),
    "our topic": (alerts.queue, SERVICE, request("sqs:SendMessage", QUEUE, **OUR_SOURCE)),
}  # fmt: skip


@pytest.mark.parametrize("what", SERVED)
def test_what_the_environment_needs_is_denied_by_nothing(what: str) -> None:
    make, caller, asked = SERVED[what]
    assert verdict([EVERYTHING, *make(S)], caller, asked) == "Allow"


MEMBER, RESOURCE = {"aws__PrincipalOrgID": ORGANIZATION}, {"aws__ResourceOrgID": ORGANIZATION}


@pytest.mark.parametrize(
    ("keys_of_request", "expected"),
    [
        ({**MEMBER, **RESOURCE}, "Allow"),
        (MEMBER, "DenyResourcesOfAnyOtherOrganization"),  # an account of no organization
        ({**RESOURCE, "aws__PrincipalOrgID": "o-zzzzzzzzzz"}, "DenyPrincipalsOfAnyOtherOrganization"),
        (RESOURCE, "DenyPrincipalsOfAnyOtherOrganization"),
        ({**MEMBER, "aws__ResourceOrgID": "o-zzzzzzzzzz"}, "DenyResourcesOfAnyOtherOrganization"),
    ],
)
def test_with_an_organization_its_accounts_may_be_on_either_side_of_an_endpoint(
    keys_of_request: dict[str, str], expected: str
) -> None:
    asked = request("sagemaker:DescribeTrainingJob", FOREIGN_JOB, **keys_of_request)
    assert verdict(endpoints.our_account(IN_ORG), STRANGER, asked) == expected


def test_an_organization_opens_neither_buckets_nor_keys_nor_topics() -> None:
    member = request("x:Y", **MEMBER)
    for make, action, resource in (
        (data_bucket, "s3:GetObject", f"{DATA}/x"),
        (keys.data_key, "kms:PutKeyPolicy", KEY),
        (alerts.topic, "sns:Publish", TOPIC),
    ):
        asked = Request(action, resource, member.keys)
        assert verdict([EVERYTHING, *make(IN_ORG)], STRANGER, asked) == "DenyOtherAccounts"
    assert endpoints.s3(IN_ORG) == endpoints.s3(S)


def test_without_any_domain_no_mailbox_is_subscribed() -> None:
    closed = parse({**DOCUMENT, "alerts": {}}, environment="test")
    asked = request("sns:Subscribe", TOPIC, **OUR_MAIL)
    assert verdict([EVERYTHING, *alerts.topic(closed)], DEPLOYS, asked) == "DenyMailToOtherDomains"


def test_addresses_stand_for_their_domains_where_none_is_named() -> None:
    asked = request("sns:Subscribe", TOPIC, sns__Protocol="email", sns__Endpoint="jo@Example.com")
    named = parse({**DOCUMENT, "alerts": {"emails": ["team@Example.com"]}}, environment="test")
    assert verdict([EVERYTHING, *alerts.topic(named)], DEPLOYS, asked) == "Allow"
