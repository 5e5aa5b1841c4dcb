"""Both roles at work on the embedded AWS, with nothing but their generated policies: real terraform, IAM enforced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagekeep.estate.ci.policies import Role
from sagekeep.local import instance
from tests.ci import recording
from tests.ci.rehearsal import Rehearsal
from tests.terraform.estates import client_with, faults
from tests.terraform.leaving import listening, serve_and_train

pytestmark = pytest.mark.slow

ACCOUNT, REGION = "123456789012", "us-east-1"
DATA, STATE = f"acme-ml-data-{ACCOUNT}-{REGION}", f"acme-ml-state-{ACCOUNT}-{REGION}"
PIPELINE = "ml-pipeline-example-classification"
JOB = "acme-ml-job-us-east-1"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
Call = tuple[str, str, dict[str, Any]]
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}

# What neither role may do, and what only the deploy role may.
FORBIDDEN: dict[str, Call] = {
    "read data": ("s3", "get_object", {"Bucket": DATA, "Key": "raw/default/data.csv"}),
    "write data": ("s3", "put_object", {"Bucket": DATA, "Key": "raw/default/more.csv", "Body": b"x"}),
    "make a user": ("iam", "create_user", {"UserName": "me"}),
    "make another role": ("iam", "create_role", {"RoleName": "other", "AssumeRolePolicyDocument": EVERYTHING}),
    "widen the deploy role": (
        "iam",
        "put_role_policy",
        {"RoleName": "acme-ml-ci-deploy", "PolicyName": "more", "PolicyDocument": EVERYTHING},
    ),
    "widen its policies": (
        "iam",
        "create_policy_version",
        {
            "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/acme-ml-ci-deploy-1",
            "PolicyDocument": EVERYTHING,
            "SetAsDefault": True,
        },
    ),
    "free a role from its boundary": ("iam", "delete_role_permissions_boundary", {"RoleName": JOB}),
    "make a network without our tags": ("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16"}),
    "make a key without our tags": ("kms", "create_key", {}),
    "open an internet gateway": ("ec2", "create_internet_gateway", {}),
    "run the pipeline": ("sagemaker", "start_pipeline_execution", {"PipelineName": PIPELINE}),
    "open Studio": (
        "sagemaker",
        "create_presigned_domain_url",
        {"DomainId": "d-000000000000", "UserProfileName": "ana"},
    ),
}  # fmt: skip
ONLY_DEPLOYS: dict[str, Call] = {
    "call the manager": ("lambda", "invoke", {"FunctionName": "acme-ml-pipeline-manager", "Payload": b"{}"}),
    "call the seed": ("lambda", "invoke", {"FunctionName": "acme-ml-data-seed", "Payload": b"{}"}),
    "call the job sweeper": ("lambda", "invoke", {"FunctionName": "acme-ml-job-sweeper", "Payload": b"{}"}),
    "call the sweeper": ("lambda", "invoke", {"FunctionName": "acme-ml-studio-sweeper", "Payload": b"{}"}),
    "write a state": (
        "s3",
        "put_object",
        {"Bucket": STATE, "Key": f"estate/{REGION}/keys/terraform.tfstate", "Body": b"{}"},
    ),
    "delete a state": ("s3", "delete_object", {"Bucket": STATE, "Key": f"estate/{REGION}/keys/terraform.tfstate"}),
    "change a role": (
        "iam",
        "put_role_policy",
        {"RoleName": JOB, "PolicyName": "more", "PolicyDocument": EVERYTHING},
    ),
    "change a bucket's policy": ("s3", "delete_bucket_policy", {"Bucket": DATA}),
    "delete a topic": ("sns", "delete_topic", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:acme-ml-pipeline-alerts"}),
    "delete an alarm": ("cloudwatch", "delete_alarms", {"AlarmNames": ["acme-ml-denied-calls"]}),
    "silence a rule": ("events", "disable_rule", {"Name": "acme-ml-pipeline-failed"}),
}  # fmt: skip
# An action of the plan role for each stack, of a resource that does not wait for another one that fails.
NEEDED_TO_PLAN = {
    "state": "s3:GetLifecycleConfiguration",
    "keys": "kms:GetKeyRotationStatus",
    "network": "ec2:DescribeVpcAttribute",
    "storage": "s3:GetLifecycleConfiguration",
    "studio": "iam:GetPolicy",
    "pipeline": "s3:GetObjectTagging",
    "detection": "events:ListTargetsByRule",
}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Deployed by the deploy role."""
    made = Rehearsal.begin(tmp_path_factory.mktemp("ci") / "account")
    try:
        assert faults(made.deploy()) == {}
        yield made
    finally:
        instance.down(made.instance.home)


@pytest.fixture(scope="module")
def refused(rehearsal: Rehearsal) -> Callable[[Role, Call], bool]:
    """Whether a call as a role is denied."""
    variables = {kind: rehearsal.environ(kind) for kind in rehearsal.roles}

    def ask(kind: Role, call: Call) -> bool:
        service, operation, parameters = call
        try:
            getattr(client_with(variables[kind], service), operation)(**parameters)
        except ClientError as error:
            return error.response["Error"]["Code"] in DENIED
        return False

    return ask


def test_the_plan_role_plans_every_stack_and_finds_no_change(rehearsal: Rehearsal) -> None:
    results = rehearsal.operations("plan").plan()
    assert {name: (result.status, result.error) for name, result in results.items()} == dict.fromkeys(
        results, ("unchanged", "")
    )


@pytest.mark.parametrize("what", [*FORBIDDEN, *ONLY_DEPLOYS])
def test_the_plan_role_may_do_nothing_else(what: str, refused: Callable[[Role, Call], bool]) -> None:
    assert refused("plan", {**FORBIDDEN, **ONLY_DEPLOYS}[what])


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_deploy_role_may_nothing_beyond_the_environment(what: str, refused: Callable[[Role, Call], bool]) -> None:
    assert refused("deploy", FORBIDDEN[what])


def test_the_deploy_role_leaves_networks_of_others_alone(
    rehearsal: Rehearsal, refused: Callable[[Role, Call], bool]
) -> None:
    vpc = rehearsal.estate.client("ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    marks = [{"Key": "ManagedBy", "Value": "SageKeep"}, {"Key": "Environment", "Value": "estate"}]
    assert refused("deploy", ("ec2", "delete_vpc", {"VpcId": vpc}))
    assert refused("deploy", ("ec2", "create_tags", {"Resources": [vpc], "Tags": marks}))


def test_without_one_action_the_plan_that_needs_it_fails_and_says_so(rehearsal: Rehearsal) -> None:
    rehearsal.without("plan", *NEEDED_TO_PLAN.values())
    try:
        results = rehearsal.operations("plan").plan()
    finally:
        rehearsal.without("plan")
    told = {name: result.error for name, result in results.items()}
    assert {name: NEEDED_TO_PLAN[name] in told[name] for name in told} == dict.fromkeys(NEEDED_TO_PLAN, True), told


@pytest.mark.last
def test_the_deploy_role_changes_what_the_settings_change_once_it_has_every_action_again(rehearsal: Rehearsal) -> None:
    rehearsal.without("deploy", "iam:CreatePolicyVersion")
    try:
        lacking = faults(rehearsal.change())
    finally:
        rehearsal.without("deploy")
    assert set(lacking) == {"studio"}, lacking
    assert "iam:CreatePolicyVersion" in lacking["studio"]
    assert faults(rehearsal.operations("deploy").deploy()) == {}


@pytest.mark.last
def test_the_deploy_role_destroys_all_of_it(rehearsal: Rehearsal) -> None:
    """An endpoint served a moment ago, a job trains, and SageMaker and Lambda let go of the network only later."""
    # Another session than the recorded one: it uploads a script that never ends.
    helper = rehearsal.instance.variables(role=rehearsal.roles["deploy"].arn, session="helper")
    job = serve_and_train(rehearsal.estate, client_with(helper, "s3"))
    with listening(rehearsal.estate) as lines:
        results = rehearsal.leave()
    assert faults(results) == {}
    assert results["state"].status == "destroyed"
    (last,) = [line for line in lines if line["message"] == "interfaces are gone"]
    assert any(f"training-job/{job}".lower() in text for text in last["waited_for"])


@pytest.mark.last
def test_the_recording_holds_what_was_asked(rehearsal: Rehearsal) -> None:
    """Else it is recorded anew: python -m tests.ci.record. What this file tried on purpose is not in it."""
    allowed = [question for question in rehearsal.instance.questions() if not question["denied"]]
    now, recorded = recording.asked(allowed), recording.read()
    for kind in recorded:
        known = {(question.action, question.resource) for question in recorded[kind]}
        assert [question for question in now[kind] if (question.action, question.resource) not in known] == []
        assert sorted({q.action for q in recorded[kind]} - {q.action for q in now[kind]}) == []
