"""Personas: who may assume a person's role, and what each may do."""

from __future__ import annotations

from typing import Any

import pytest

import verdicts
from people import (
    ACCOUNT,
    ANN,
    DATA,
    IAM,
    PERSONAS,
    SAGEMAKER,
    SCIENTISTS,
    TAGGED,
    policies,
    role_arn,
    session,
    settings,
    synthesized_from,
)
from synths import Synth
from verdicts import DATA_KEY, DOMAIN, Asker, document, may


def trust(found: Synth, persona: str) -> dict[str, Any]:
    return document(found, "studio", f"people_{persona.replace('-', '_')}_trust")


KIM = f"{IAM}:user/kim"
WITH_MFA = {"aws:MultiFactorAuthPresent": "true"}
CALLERS = [
    (SCIENTISTS, {}, True),
    (f"{IAM}:role/others", {}, False),
    ("arn:aws:iam::999999999999:role/scientists", {}, False),
    (KIM, {}, False),
    (KIM, {"aws:MultiFactorAuthPresent": "false"}, False),
    (KIM, WITH_MFA, True),
    (f"{IAM}:user/lee", WITH_MFA, False),
]


@pytest.mark.parametrize(("arn", "keys", "expected"), CALLERS)
def test_only_named_principals_assume_a_persona_and_users_with_mfa(
    people: Synth, arn: str, keys: dict[str, str], *, expected: bool
) -> None:
    assert verdicts.may_assume(trust(people, "data-scientist"), Asker(arn, keys=keys)) is expected


def test_mfa_is_not_asked_where_the_settings_say_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = synthesized_from(
        settings(personas={"require_mfa": False, "auditor": {"principals": [KIM]}}), tmp_path_factory
    )
    assert verdicts.may_assume(trust(found, "auditor"), Asker(KIM))
    assert {address for address, _ in found.resources("aws_iam_role") if "people" in address} == {
        "studio: aws_iam_role.people_auditor_role"
    }


OWN_TAG = {"aws:PrincipalTag/StudioUser": "ann"}
TAGS = [
    (OWN_TAG, {"StudioUser": "ann"}, True),
    (OWN_TAG, {"StudioUser": "Jo"}, False),
    ({}, {"StudioUser": "Jo"}, False),
    (OWN_TAG, {"StudioUser": "ann", "Team": "x"}, False),
    (OWN_TAG, {"Team": "x"}, False),
]


@pytest.mark.parametrize(("keys", "tags", "expected"), TAGS)
def test_a_session_carries_the_principals_own_tag_and_no_other(
    people: Synth, keys: dict[str, str], tags: dict[str, str], *, expected: bool
) -> None:
    asker = Asker(SCIENTISTS, keys=keys, tags=tags)
    assert verdicts.may_assume(trust(people, "data-scientist"), asker) is expected


PIPELINE, RUN = f"{SAGEMAKER}:pipeline/churn", f"{SAGEMAKER}:pipeline/churn/execution/abc"
SERVED = f"{SAGEMAKER}:endpoint/churn"
STATE = f"arn:aws:s3:::acme-state-{ACCOUNT}-us-east-1"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/TrainingJobs:*"
S, E, A, U = PERSONAS
RIGHTS = [  # action, resource, who may
    ("sagemaker:CreatePresignedDomainUrl", ANN, {S, E}),
    ("sagemaker:CreatePresignedDomainUrl", f"{SAGEMAKER}:user-profile/{DOMAIN}/Jo", set()),
    ("sagemaker:StartPipelineExecution", PIPELINE, {S, E}),
    ("sagemaker:StartPipelineExecution", f"{SAGEMAKER}:pipeline/other", set()),
    ("sagemaker:DescribePipelineExecution", RUN, {S, E, U}),
    ("sagemaker:StopPipelineExecution", RUN, {E}),
    ("sagemaker:UpdatePipelineExecution", RUN, {E}),
    ("sagemaker:UpdatePipeline", PIPELINE, set()),
    ("sagemaker:InvokeEndpoint", SERVED, {S, E}),
    ("sagemaker:InvokeEndpoint", f"{SAGEMAKER}:endpoint/other", set()),
    ("sagemaker:UpdateEndpoint", SERVED, {E, A}),
    ("sagemaker:DeleteEndpoint", SERVED, {E, A}),
    ("sagemaker:DescribeModel", f"{SAGEMAKER}:model/pipelines-x", {E, U}),
    ("sagemaker:CreateUserProfile", f"{SAGEMAKER}:user-profile/{DOMAIN}/new", {A}),
    ("sagemaker:DeleteApp", f"{SAGEMAKER}:app/{DOMAIN}/x/JupyterLab/default", {A}),
    ("sagemaker:DeleteDomain", f"{SAGEMAKER}:domain/{DOMAIN}", set()),
    ("iam:PassRole", role_arn("studio"), {A}),
    ("iam:PassRole", role_arn("studio-Jo"), set()),
    ("iam:PassRole", role_arn("job"), set()),
    ("iam:PutRolePolicy", role_arn("administrator"), set()),
    ("iam:DetachRolePolicy", role_arn("administrator"), set()),
    ("iam:GetRolePolicy", role_arn("job"), {U}),
    ("kms:PutKeyPolicy", DATA_KEY, set()),
    ("kms:Decrypt", DATA_KEY, set()),
    ("s3:GetObject", f"{DATA}/raw/x.csv", set()),
    ("s3:PutObject", f"{DATA}/raw/x.csv", set()),
    ("s3:GetObject", f"{STATE}/people/us-east-1/keys/terraform.tfstate", set()),
    ("s3:GetBucketPolicy", DATA, {U}),
    ("s3:PutBucketPolicy", DATA, set()),
    ("s3:GetObject", f"arn:aws:s3:::acme-access-logs-{ACCOUNT}-us-east-1/x", {U}),
    ("logs:FilterLogEvents", LOGS, {S, E, U}),
    ("logs:DeleteLogGroup", LOGS, set()),
]


@pytest.mark.parametrize(("action", "resource", "expected"), RIGHTS)
def test_each_persona_may_do_its_work_and_no_more(
    people: Synth, action: str, resource: str, expected: set[str]
) -> None:
    passed = {"iam__PassedToService": "sagemaker.amazonaws.com"}
    can = {p for p in PERSONAS if may(policies(people, p), session(p, **TAGGED, **passed), action, resource)[0]}
    assert can == expected


def test_without_the_tag_nobodys_studio_opens(people: Synth) -> None:
    assert not may(policies(people, S), session(S), "sagemaker:CreatePresignedDomainUrl", ANN)[0]


REFUSALS = [
    ("s3:GetObject", f"{DATA}/raw/x.csv", A, "DenyDataAndOthersStudios"),
    ("sagemaker:CreatePresignedDomainUrl", ANN, A, "DenyDataAndOthersStudios"),
    ("iam:AttachRolePolicy", role_arn("administrator"), A, "DenyChangesOfPoliciesAndKeys"),
    ("kms:ScheduleKeyDeletion", DATA_KEY, A, "DenyChangesOfPoliciesAndKeys"),
    ("s3:GetObject", f"{DATA}/raw/x.csv", U, "DenyDataAndState"),
    ("sagemaker:InvokeEndpoint", SERVED, U, "DenyUse"),
]


@pytest.mark.parametrize(("action", "resource", "persona", "sid"), REFUSALS)
def test_what_a_persona_must_never_do_stays_denied_with_another_policy_that_allows_it(
    people: Synth, action: str, resource: str, persona: str, sid: str
) -> None:
    everything = {"Statement": {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}}
    assert may([*policies(people, persona), everything], session(persona), action, resource) == (False, sid)


def test_an_administrator_puts_no_profile_into_another_security_group(people: Synth) -> None:
    profile = f"{SAGEMAKER}:user-profile/{DOMAIN}/ann"
    for groups, expected in ((["sg-0aaa"], True), (["sg-0aaa", "sg-0foreign"], False)):
        asker = session(A, sagemaker__VpcSecurityGroupIds=groups)
        assert may(policies(people, A), asker, "sagemaker:UpdateUserProfile", profile)[0] is expected


def test_every_role_of_people_has_the_guardrails(people: Synth) -> None:
    for purpose in ("studio", "studio-Jo", "studio-ann", *PERSONAS):
        outside = may(
            policies(people, purpose), session(purpose), "sagemaker:CreateTrainingJob", f"{SAGEMAKER}:training-job/x"
        )
        assert not outside[0]
        assert outside[1].startswith("Deny"), purpose
