"""Roles: path and boundary, a role for each user, who may assume a person's role, and what each may do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import verdicts
from sagekeep.settings import Settings, parse
from stacks.app import synthesize
from synths import Synth
from verdicts import DATA_KEY, DOMAIN, VPC, Asker, document, may

ACCOUNT = "123456789012"
IAM, SAGEMAKER = f"arn:aws:iam::{ACCOUNT}", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
DATA = f"arn:aws:s3:::acme-data-{ACCOUNT}-us-east-1"
BOUNDARY = f"{IAM}:policy/Boundary"
DEPLOYER, SCIENTISTS = f"{IAM}:role/deployer", f"{IAM}:role/scientists"
HOME, OFFICE = "198.51.100.9", "203.0.113.9"
PERSONAS = ("data-scientist", "ml-engineer", "administrator", "auditor")


def settings(**sections: Any) -> Settings:
    raw = {
        "prefix": "acme",
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "removal": "destroy",
        "deploy": {"roles": [DEPLOYER]},
        "iam": {"role_path": "/ml/", "permissions_boundary": BOUNDARY},
        "studio": {
            "users": ["Jo", "ann"],
            "role_per_user": True,
            "sign_in": "cidrs",
            "sign_in_cidrs": ["203.0.113.0/24"],
        },
        "personas": {
            "data_scientist": {"principals": [SCIENTISTS, f"{IAM}:user/kim"]},
            "ml_engineer": {"principals": [f"{IAM}:role/sso/*/Engineers_*"]},
            "administrator": {"principals": [f"{IAM}:role/admins"]},
            "auditor": {"principals": [f"{IAM}:role/auditors"]},
        },
        "pipeline": {"name": "churn"},
        **sections,
    }
    return parse(raw, environment="people")


def synthesized_from(found: Settings, tmp_path_factory: pytest.TempPathFactory) -> Synth:
    out = tmp_path_factory.mktemp("people") / "out"
    synthesize(found, out)
    return Synth(out, {f.name: json.loads((f / "cdk.tf.json").read_text()) for f in (out / "stacks").iterdir()})


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """An environment with all of it switched on."""
    return synthesized_from(settings(), tmp_path_factory)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Studio opens from the VPC only."""
    return synthesized_from(settings(studio={"users": ["ann"], "sign_in": "endpoint"}), tmp_path_factory)


def role_arn(purpose: str) -> str:
    return f"{IAM}:role/ml/acme-{purpose}-us-east-1"


def policies(found: Synth, purpose: str) -> list[dict[str, Any]]:
    """A role of the studio stack: its own policy and the guardrails that are attached to it."""
    own = {"studio": "access"} | {name: f"people_{name.replace('-', '_')}" for name in PERSONAS}
    element = own.get(purpose) or f"studio_access_{purpose.removeprefix('studio-').lower()}"
    stack = found.stacks["studio"]["resource"]
    attached = stack["aws_iam_role_policy_attachment"][f"{element}_guardrails"]
    assert attached["policy_arn"] == "${aws_iam_policy.guardrails_policy.arn}"
    assert stack["aws_iam_role"][f"{element}_role"]["name"] == f"acme-{purpose}-us-east-1"
    names = [f"{element}_policy_statements", "guardrails_statements"]
    return [document(found, "studio", name) for name in names]


def session(purpose: str, **keys: Any) -> Asker:
    source_ip = keys.pop("source_ip", OFFICE)
    return Asker(
        role_arn(purpose), keys={name.replace("__", ":"): value for name, value in keys.items()}, source_ip=source_ip
    )


def test_every_role_has_the_path_and_the_boundary(people: Synth) -> None:
    roles = list(people.resources("aws_iam_role"))
    assert len(roles) == 14
    for address, role in roles:
        assert (role["path"], role["permissions_boundary"]) == ("/ml/", BOUNDARY), address


def test_whatever_names_a_role_of_ours_names_its_path(people: Synth) -> None:
    named = re.findall(r":role(/[^\"]*?)acme-", json.dumps(people.stacks))
    assert len(named) > 20
    assert set(named) == {"/ml/"}


def test_without_the_options_roles_are_as_before(poc: Synth) -> None:
    roles = dict(poc.resources("aws_iam_role"))
    assert not [address for address in roles if "people" in address or "studio_access" in address]
    assert not [role for role in roles.values() if "path" in role or "permissions_boundary" in role]
    assert not [body for _, body in poc.resources("aws_sagemaker_user_profile") if "user_settings" in body]
    assert "persona_role_arns" not in poc.stacks["studio"]["output"]


@pytest.mark.parametrize("name", ["jo", "ann"])
def test_a_users_profile_works_as_the_users_own_role(people: Synth, name: str) -> None:
    profile = people.stacks["studio"]["resource"]["aws_sagemaker_user_profile"][f"studio_user_{name}"]
    assert profile["user_settings"] == {"execution_role": f"${{aws_iam_role.studio_access_{name}_role.arn}}"}
    assert sorted(profile["depends_on"]) == [
        f"aws_iam_role_policy.studio_access_{name}_policy",
        f"aws_iam_role_policy_attachment.studio_access_{name}_guardrails",
    ]


def test_a_users_role_has_its_own_profile_spaces_and_apps_only(people: Synth) -> None:
    allowed = policies(people, "studio-Jo")
    assert "sagemaker:UserProfileName" not in json.dumps(allowed)
    for owner, expected in (("Jo", True), ("ann", False)):
        profile = f"{SAGEMAKER}:user-profile/{DOMAIN}/{owner}"
        mine = session("studio-Jo", sagemaker__OwnerUserProfileArn=profile, sagemaker__SpaceSharingType="Private")
        assert may(allowed, mine, "sagemaker:CreatePresignedDomainUrl", profile)[0] is expected
        assert may(allowed, mine, "sagemaker:CreateSpace", f"{SAGEMAKER}:space/{DOMAIN}/x")[0] is expected
        assert (
            may(allowed, mine, "sagemaker:CreateApp", f"{SAGEMAKER}:app/{DOMAIN}/x/JupyterLab/default")[0] is expected
        )


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject"])
def test_a_users_place_in_the_bucket_is_that_users_alone(people: Synth, action: str) -> None:
    place = f"{DATA}/users/Jo/notes.csv"
    bucket = document(people, "storage", "data_statements")
    inside = {"aws__SourceVpc": VPC, "source_ip": None}
    can = {
        purpose: may(policies(people, purpose), session(purpose, **inside), action, place)[0]
        for purpose in ("studio-Jo", "studio-ann", "studio", *PERSONAS)
    }
    assert can == {purpose: purpose == "studio-Jo" for purpose in can}
    refused = {
        arn: verdicts.refused_by(bucket, Asker(arn, keys={"aws:SourceVpc": VPC}), action, place)
        for arn in (role_arn("studio-Jo"), role_arn("job"), role_arn("studio"), DEPLOYER, f"{IAM}:role/admin")
    }
    assert refused.pop(role_arn("studio-Jo")) == ""
    assert set(refused.values()) == {"DenyUsersPlacesToAllButUsersRoles"}


def test_who_deploys_may_still_empty_the_bucket(people: Synth) -> None:
    bucket = document(people, "storage", "data_statements")
    assert verdicts.refused_by(bucket, Asker(DEPLOYER), "s3:DeleteObjectVersion", f"{DATA}/users/Jo/notes.csv") == ""


def test_the_keys_let_users_roles_do_what_the_domains_role_may(people: Synth) -> None:
    for key in ("data", "studio"):
        for statement in people.stacks["keys"]["data"]["aws_iam_policy_document"][f"{key}_policy"]["statement"]:
            named = [arn for c in statement.get("condition", []) for arn in c["values"] if ":role/" in arn]
            users = {role_arn("studio-Jo"), role_arn("studio-ann")}
            assert (role_arn("studio") in named) == (users <= set(named)), (key, statement["sid"])
            assert (role_arn("studio") in named) or not users & set(named), (key, statement["sid"])


ANN = f"{SAGEMAKER}:user-profile/{DOMAIN}/ann"
TAGGED = {"aws__PrincipalTag/StudioUser": "ann"}
PLACES = [  # address, VPC, opens with "cidrs", opens with "endpoint"
    (OFFICE, None, True, False),
    (HOME, None, False, False),
    (None, VPC, True, True),
    (None, "vpc-0foreign", False, False),
    (None, None, False, False),
]


@pytest.mark.parametrize(("address", "vpc", "cidrs", "endpoint"), PLACES)
def test_studio_opens_from_known_places_only(
    people: Synth, sealed: Synth, address: str | None, vpc: str | None, *, cidrs: bool, endpoint: bool
) -> None:
    network = {"aws__SourceVpc": vpc} if vpc else {}
    for found, purposes, expected in (
        (people, ("studio-ann", "data-scientist", "ml-engineer"), cidrs),
        (sealed, ("data-scientist", "ml-engineer"), endpoint),
    ):
        for purpose in purposes:
            asker = session(purpose, source_ip=address, **network, **TAGGED)
            verdict = may(policies(found, purpose), asker, "sagemaker:CreatePresignedDomainUrl", ANN)
            sid = "OpenTheirOwnStudio" if expected else "DenyOpeningStudioFromElsewhere"
            assert verdict == (expected, sid), (purpose, address, vpc)


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
