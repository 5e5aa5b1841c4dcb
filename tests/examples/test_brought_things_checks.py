"""`sagekeep estate check` of keys, buckets, topic, domain and roles: each fault with its setting, and what mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from brought_things import ACCOUNT, BUCKETS, CLOSED, OPEN, REGION, Things
from sagekeep.estate.fault import Fault
from sagekeep.local import instance

DATA = BUCKETS["data_bucket"]
ANOTHER = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    home = tmp_path_factory.mktemp("things")
    try:
        things = Things.begin(home)
        yield things
        left = things.faults()
    finally:
        instance.down(home / "aws")  # also where it could not be begun
    assert left == [], "a test did not put back what it changed"


@pytest.fixture
def things(made: Things) -> Things:
    """For tests that change things, and put them back."""
    return made


def only(faults: list[Fault]) -> Fault:
    (fault,) = faults
    return fault


def test_things_with_the_policies_that_are_asked_for_have_no_fault(made: Things) -> None:
    assert made.faults() == []


@pytest.mark.parametrize("sid", ["UseByNamedPrincipals", "GrantToAwsServices"])
def test_a_statement_that_a_key_lacks_is_printed_and_pasting_it_mends_the_key(things: Things, sid: str) -> None:
    needed = things.needs("existing.keys.data").policy
    without = [statement for statement in needed if statement["Sid"] != sid]
    things.key_policy("data", *without)
    fault = only(things.faults())
    assert fault.key == "existing.keys.data"
    assert fault.text.endswith("lacks 1 statement; add it:")
    pasted = json.loads(fault.paste)
    assert pasted["Sid"] == sid
    things.key_policy("data", *without, pasted)


def test_a_key_policy_that_says_it_in_other_words_will_do(things: Things) -> None:
    """What is allowed counts, not how it is written: the account's IAM decides about this key."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    everything = {"Sid": "ThroughIam", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    things.key_policy("data", everything)
    assert things.faults() == []
    things.key_policy("data", *things.needs("existing.keys.data").policy)


def test_a_key_that_is_disabled_or_not_there_is_named(things: Things) -> None:
    kms = things.client("kms")
    kms.disable_key(KeyId=things.keys["studio"])
    fault = only(things.faults())
    assert (fault.key, "is Disabled" in fault.text) == ("existing.keys.studio", True)
    kms.enable_key(KeyId=things.keys["studio"])
    faults = things.faults(things.with_existing(keys={"logs": ANOTHER}))
    assert Fault("existing.keys.logs", f"there is no key {ANOTHER}") in faults


def test_a_key_of_another_region_is_named_before_kms_is_asked(things: Things) -> None:
    arn = things.client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    things.client("ssm").put_parameter(Name="/keys/logs", Type="String", Value=arn)
    fault = things.faults(things.with_existing(keys={"logs": {"ssm": "/keys/logs"}}))[0]
    assert fault == Fault("existing.keys.logs", f"{arn} is in region eu-west-1, the environment in {REGION}")


def test_a_bucket_without_versioning_is_named(things: Things) -> None:
    s3 = things.client("s3")
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Suspended"})
    fault = only(things.faults())
    assert fault.key == "existing.data_bucket"
    assert "has no versioning (it is suspended)" in fault.text
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration=json.loads(fault.paste))


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_that_may_be_public_is_named(things: Things, name: str) -> None:
    s3 = things.client("s3")
    s3.put_public_access_block(Bucket=BUCKETS[name], PublicAccessBlockConfiguration=OPEN)
    fault = only(things.faults())
    assert (fault.key, json.loads(fault.paste)) == (f"existing.{name}", CLOSED)
    s3.delete_public_access_block(Bucket=BUCKETS[name])
    assert only(things.faults()) == fault
    s3.put_public_access_block(Bucket=BUCKETS[name], PublicAccessBlockConfiguration=CLOSED)


def test_a_bucket_under_another_key_is_named(things: Things) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": things.keys["logs"]}}
    configuration = {"Rules": [rule]}
    things.client("s3").put_bucket_encryption(Bucket=DATA, ServerSideEncryptionConfiguration=configuration)
    fault = only(things.faults())
    assert f"encrypts with {things.keys['logs']}" in fault.text
    things.client("s3").put_bucket_encryption(Bucket=DATA, ServerSideEncryptionConfiguration=json.loads(fault.paste))


def test_a_bucket_that_is_not_there_is_named(things: Things) -> None:
    fault = only(things.faults(things.with_existing(access_log_bucket="nobodys-bucket")))
    assert fault == Fault("existing.access_log_bucket", "there is no bucket nobodys-bucket, or another account owns it")


def test_what_keeps_data_in_our_vpc_is_asked_for_and_pasting_it_mends_the_bucket(things: Things) -> None:
    things.client("s3").delete_bucket_policy(Bucket=DATA)
    fault = only(things.faults())
    assert fault.text == f"the policy of bucket {DATA} lacks 9 statements; add them:"
    assert things.settings.existing.vpc
    assert things.settings.existing.vpc.id in fault.paste
    things.bucket_policy("data_bucket", *json.loads(fault.paste))


def test_a_deny_of_theirs_that_stops_our_calls_is_named_with_whom_to_except(things: Things) -> None:
    needed = things.needs("existing.data_bucket").policy
    only_readers = {
        "Sid": "OnlyAnalysts",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{DATA}/models/*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/analyst"}},
    }
    things.bucket_policy("data_bucket", *needed, only_readers)
    fault = only(things.faults())
    assert "stops s3:PutObject by its statement OnlyAnalysts" in fault.text
    excepted = json.loads(fault.paste)
    roles = excepted["ArnNotLikeIfExists"]["aws:PrincipalArn"]
    assert roles == [f"arn:aws:iam::{ACCOUNT}:role/ml/{purpose}" for purpose in ("job", "studio")]
    only_readers["Condition"] = {**only_readers["Condition"], **excepted}
    things.bucket_policy("data_bucket", *needed, only_readers)


def test_a_deny_about_organizations_is_left_to_its_owner(things: Things) -> None:
    """Nobody can tell a caller's organization from settings."""
    organization = {
        "Sid": "OurOrganizationOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{DATA}/*",
        "Condition": {
            "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    }
    needed = things.needs("existing.data_bucket").policy
    things.bucket_policy("data_bucket", *needed, organization)
    assert things.faults() == []
    things.bucket_policy("data_bucket", *needed)


def test_a_state_bucket_that_stops_who_deploys_is_named(things: Things) -> None:
    states = BUCKETS["state_bucket"]
    deny = {
        "Sid": "OnlyUs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{states}/*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/platform"}},
    }
    things.bucket_policy("state_bucket", deny)
    fault = only(things.faults())
    assert (fault.key, "role/sagekeep-deployer" in fault.paste) == ("existing.state_bucket", True)
    things.client("s3").delete_bucket_policy(Bucket=states)


def test_a_topic_that_events_cannot_reach_is_named(things: Things) -> None:
    needed = things.needs("existing.topic").policy
    things.topic_policy(*[statement for statement in needed if statement["Sid"] != "LetEventBridgePublish"])
    fault = only(things.faults())
    assert (fault.key, json.loads(fault.paste)["Sid"]) == ("existing.topic", "LetEventBridgePublish")
    things.topic_policy(*needed)


def test_what_a_role_lacks_is_printed_and_pasting_it_mends_the_role(things: Things) -> None:
    needed = things.needs("existing.roles.job").permissions
    without = [statement for statement in needed if statement["Sid"] != "WriteOutputs"]
    things.permit("job", without)
    fault = only(things.faults())
    assert (fault.key, json.loads(fault.paste)["Sid"]) == ("existing.roles.job", "WriteOutputs")
    things.permit("job", [*without, json.loads(fault.paste)])


def old_names(statement: Any) -> Any:
    """The statement as people wrote it before AWS replaced the condition keys about KMS keys."""
    return json.loads(json.dumps(statement).replace("KmsKeyArn", "KmsKey"))


def test_a_role_that_knows_only_condition_keys_that_aws_has_replaced_is_told_which_and_what_to_write(
    things: Things,
) -> None:
    needed = things.needs("existing.roles.pipeline").permissions
    things.permit("pipeline", [old_names(statement) for statement in needed])
    faults = things.faults()
    assert {fault.key for fault in faults} == {"existing.roles.pipeline"}
    named = [fault for fault in faults if "AWS has replaced that condition key" in fault.text]
    assert any("asks for sagemaker:VolumeKmsKey in its statement CreateSealedJobs" in fault.text for fault in named)
    assert any("write sagemaker:OutputKmsKeyArn instead:" in fault.text for fault in named)
    assert {name for fault in named for keys in json.loads(fault.paste).values() for name in keys} == {
        "sagemaker:VolumeKmsKeyArn",
        "sagemaker:OutputKmsKeyArn",
    }
    things.permit("pipeline", needed)


def test_a_role_that_knows_only_the_present_condition_keys_will_do(things: Things) -> None:
    needed = things.needs("existing.roles.pipeline").permissions
    present = json.loads(json.dumps(needed))
    for statement in present:
        conditions = statement.get("Condition", {})
        held = conditions.pop("StringEqualsIfExists", {})
        conditions.setdefault("StringEquals", {}).update({k: v for k, v in held.items() if k.endswith("Arn")})
        if not conditions["StringEquals"]:
            del conditions["StringEquals"]
        conditions.get("Null", {}).pop("sagemaker:VolumeKmsKey", None)
        conditions.get("Null", {}).pop("sagemaker:OutputKmsKey", None)
    things.permit(
        "pipeline",
        [
            statement
            if statement.get("Condition")
            else {name: value for name, value in statement.items() if name != "Condition"}
            for statement in present
        ],
    )
    assert things.faults() == []
    things.permit("pipeline", needed)


def test_a_key_that_asks_for_a_replaced_condition_key_is_named(things: Things) -> None:
    needed = things.needs("existing.keys.data").policy
    old = {
        "Sid": "OnlySymmetric",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:CreateKey",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}},
    }
    things.key_policy("data", *needed, old)
    fault = only(things.faults())
    assert (fault.key, json.loads(fault.paste)) == (
        "existing.keys.data",
        {"StringNotEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
    )
    things.key_policy("data", *needed)


def test_guardrails_are_asked_of_a_role_that_allows_what_they_deny(things: Things) -> None:
    needed = things.needs("existing.roles.studio").permissions
    without = [statement for statement in needed if statement["Sid"] != "DenyWorkOutsideAVpc"]
    things.permit("studio", without)
    assert things.faults() == []  # nothing allows it
    wide = {"Sid": "Wide", "Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    things.permit("studio", [*without, wide])
    fault = only(things.faults())
    assert (fault.key, json.loads(fault.paste)["Sid"]) == ("existing.roles.studio", "DenyWorkOutsideAVpc")
    things.permit("studio", needed)


def test_a_role_whose_denials_know_no_more_than_todays_actions_lacks_the_closed_one(things: Things) -> None:
    needed = things.needs("existing.roles.studio").permissions
    (closed,) = [statement for statement in needed if "NotAction" in statement]
    others = [statement for statement in needed if statement is not closed]
    wide = {"Sid": "Wide", "Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    listed = {"Sid": "Listed", "Effect": "Deny", "Action": ["sagemaker:CreateJob", "sagemaker:StartSession"]}
    open_ended = {**closed, "NotAction": [*closed["NotAction"], "sagemaker:Create*"]}
    for instead in ({**listed, "Resource": "*"}, open_ended):
        things.permit("studio", [*others, instead, wide])
        fault = only(things.faults())
        assert (fault.key, json.loads(fault.paste)["Sid"]) == ("existing.roles.studio", "DenyWhatNobodyReviewed")
    things.permit("studio", needed)


def test_a_boundary_that_stops_a_role_is_named(things: Things) -> None:
    iam = things.client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denied = {"Sid": "NoPipelines", "Effect": "Deny", "Action": "sagemaker:UpdatePipeline", "Resource": "*"}
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed, denied]})
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="pipeline-manager", PermissionsBoundary=boundary)
    fault = only(things.faults())
    assert f"within the boundary {boundary}, stops sagemaker:UpdatePipeline by its statement NoPipelines" in fault.text
    iam.delete_role_permissions_boundary(RoleName="pipeline-manager")


def test_a_role_that_its_service_may_not_assume_is_named(things: Things) -> None:
    iam, needed = things.client("iam"), things.needs("existing.roles.job").policy
    other = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName="job", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": other})
    )
    fault = only(things.faults())
    assert fault.text.startswith(f"the trust policy of role arn:aws:iam::{ACCOUNT}:role/ml/job lacks 1 statement")
    again = json.dumps({"Version": "2012-10-17", "Statement": list(needed)})
    iam.update_assume_role_policy(RoleName="job", PolicyDocument=again)


def test_a_role_that_is_not_there_or_elsewhere_is_named(things: Things) -> None:
    absent, moved = f"arn:aws:iam::{ACCOUNT}:role/nobody", f"arn:aws:iam::{ACCOUNT}:role/job"
    faults = things.faults(things.with_existing(roles={"job": absent}))
    assert Fault("existing.roles.job", f"there is no role {absent}") in faults
    faults = things.faults(things.with_existing(roles={"job": moved}))
    assert any(fault.text.startswith("the role job has another path") for fault in faults)


def test_a_domain_elsewhere_is_named(things: Things) -> None:
    absent = only(things.faults(things.with_existing(domain="d-nobodysdomain")))
    assert absent == Fault("existing.domain", f"there is no domain d-nobodysdomain in {REGION}")
    faults = things.faults(things.with_existing(keys={"studio": things.keys["logs"]}))
    wanted = f"must be the key of existing.domain, {things.keys['studio']}"
    assert Fault("existing.keys.studio", wanted) in faults
