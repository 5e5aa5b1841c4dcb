"""Where AWS's documentation leaves open what requests have: the template's policies hold whichever way it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policies import jobs, keys
from policies.jobs import Placement
from policies.statement import Statement
from sagekeep.errors import OperationError
from sagekeep.local import variants
from sagekeep.local.instance import Instance
from sagekeep.settings import parse
from tests.local.conftest import Become
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, ROOT, Cloud, allow, code_of, message_of

TESTERS = f"arn:aws:iam::{ACCOUNT}:role/tester-*"
SETTINGS = parse(
    {"prefix": "open", "account_id": ACCOUNT, "region": REGION, "deploy": {"roles": [DEPLOYER, TESTERS]}},
    environment="test",
)
SEALED_IN = Placement(("subnet-1",), ("sg-1",), f"arn:aws:kms:{REGION}:{ACCOUNT}:key/ours")


@pytest.fixture
def switched(running: Instance) -> Iterator[Instance]:
    yield running
    running.ask("variants", reset="true")


def document(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement.as_json() for statement in statements]})


def asks_for_a_job(cloud: Cloud, key: str = SEALED_IN.key_arn) -> str:
    """The error of a training job whose keys are these: none of these can be made, since there is no such role."""
    with pytest.raises(ClientError) as refused:
        cloud("sagemaker").create_training_job(
            TrainingJobName="pipelines-x",
            AlgorithmSpecification={"TrainingImage": "x", "TrainingInputMode": "File"},
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/open-job-{REGION}",
            OutputDataConfig={"S3OutputPath": "s3://x/y", **({"KmsKeyId": key} if key else {})},
            ResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 5,
                **({"VolumeKmsKeyId": key} if key else {}),
            },
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            VpcConfig={"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            EnableNetworkIsolation=True,
            EnableInterContainerTrafficEncryption=True,
        )
    return code_of(refused)


def pipeline_role(become: Become) -> Cloud:
    return become(*(statement.as_json() for statement in jobs.pipeline_role(SETTINGS, SEALED_IN)))


@pytest.mark.parametrize("names", variants.CHOICES[variants.KEY_NAMES])
def test_the_pipeline_starts_jobs_under_our_key_by_whichever_name_and_none_where_no_key_is_told(
    switched: Instance, become: Become, names: str
) -> None:
    role = pipeline_role(become)
    switched.ask("variants", **{variants.KEY_NAMES: names})
    denied = asks_for_a_job(role) == "AccessDeniedException"
    assert denied == (names == "none")
    assert asks_for_a_job(role, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another") == "AccessDeniedException"
    assert asks_for_a_job(role, "") == "AccessDeniedException"


def test_a_role_that_knows_the_old_names_only_starts_no_job(become: Become) -> None:
    """What AWS replaced is in no request: an Allow on it never matches."""
    sid = "CreateSealedJobs"
    (create,) = [s.as_json() for s in jobs.pipeline_role(SETTINGS, SEALED_IN) if s.sid == sid]
    old = {key.removesuffix("Arn"): SEALED_IN.key_arn for key in create["Condition"].pop("StringEqualsIfExists")}
    create["Condition"]["StringEquals"] = old
    assert asks_for_a_job(become(create, allow("iam:PassRole"))) == "AccessDeniedException"


def make_a_domain(cloud: Cloud, key: str) -> pytest.ExceptionInfo[ClientError]:
    """Its subnets do not exist, which is the error where its key may be granted."""
    with pytest.raises(ClientError) as refused:
        cloud("sagemaker").create_domain(
            DomainName="open",
            AuthMode="IAM",
            VpcId="vpc-1",
            SubnetIds=["subnet-none"],
            KmsKeyId=key,
            DefaultUserSettings={"ExecutionRole": ROOT.replace(":root", ":role/none")},
        )
    return refused


@pytest.fixture
def studio_key(admin: Cloud) -> Iterator[str]:
    arn = admin("kms").create_key(Policy=document(keys.studio_key(SETTINGS)))["KeyMetadata"]["Arn"]
    yield arn
    admin("kms").schedule_key_deletion(KeyId=arn)


@pytest.mark.parametrize("flag", variants.CHOICES[variants.GRANT_FLAG])
def test_a_domains_key_is_granted_to_sagemaker_whether_or_not_the_grant_says_that_it_is_for_aws(
    switched: Instance, become: Become, studio_key: str, flag: str
) -> None:
    deployer = become(allow("sagemaker:*", "iam:*", "kms:*", "elasticfilesystem:*"))
    switched.ask("variants", **{variants.GRANT_FLAG: flag})
    assert code_of(make_a_domain(deployer, studio_key)) == "ValidationException"


def test_a_key_that_wants_the_mark_alone_is_of_no_use_where_sagemaker_does_not_mark_its_grants(
    switched: Instance, admin: Cloud, become: Become, studio_key: str
) -> None:
    deployer = become(allow("sagemaker:*", "iam:*", "kms:*", "elasticfilesystem:*"))
    marked = [s for s in keys.studio_key(SETTINGS) if s.sid != "GrantThroughAwsServices"]
    admin("kms").put_key_policy(KeyId=studio_key, PolicyName="default", Policy=document(marked))
    assert code_of(make_a_domain(deployer, studio_key)) == "ValidationException"
    switched.ask("variants", **{variants.GRANT_FLAG: "false"})
    assert "kms:CreateGrant" in message_of(make_a_domain(deployer, studio_key))


def test_a_key_that_denies_its_use_to_other_accounts_cannot_be_used_by_a_grant(
    admin: Cloud, become: Become, studio_key: str
) -> None:
    deployer = become(allow("sagemaker:*", "iam:*", "kms:*", "elasticfilesystem:*"))
    policy: dict[str, Any] = json.loads(document(keys.studio_key(SETTINGS)))
    (denial,) = [s for s in policy["Statement"] if s["Sid"] == "DenyOtherAccounts"]
    denial["Action"] = "kms:*"
    admin("kms").put_key_policy(KeyId=studio_key, PolicyName="default", Policy=json.dumps(policy))
    assert "explicit deny in a resource-based policy" in message_of(make_a_domain(deployer, studio_key))


def test_a_variant_that_is_not_there_is_answered_with_those_that_are(switched: Instance) -> None:
    assert switched.ask("variants") == {name: values[0] for name, values in variants.CHOICES.items()}
    with pytest.raises(OperationError, match="one of new, old, both, none"):
        switched.ask("variants", **{variants.KEY_NAMES: "newest"})
    with pytest.raises(OperationError, match="key-names, service-account, grant-flag"):
        switched.ask("variants", colour="red")
