"""Roles: path and boundary, a role for each user, and from where each opens Studio."""

from __future__ import annotations

import json
import re

import pytest

import verdicts
from people import (
    ANN,
    BOUNDARY,
    DATA,
    DEPLOYER,
    HOME,
    IAM,
    OFFICE,
    PERSONAS,
    SAGEMAKER,
    TAGGED,
    policies,
    role_arn,
    session,
)
from synths import Synth
from verdicts import DOMAIN, VPC, Asker, document, may


def test_every_role_has_the_path_and_the_boundary(people: Synth) -> None:
    roles = list(people.resources("aws_iam_role"))
    assert len(roles) == 15
    for address, role in roles:
        path = "/ml/acme-users/" if "studio_access" in address else "/ml/"  # users' have one that is theirs alone
        assert (role["path"], role["permissions_boundary"]) == (path, BOUNDARY), address


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
        *(
            f"aws_iam_role_policy_attachment.studio_access_{name}_{policy}"
            for policy in ("endpoints", "guardrails", "jobs", "reviewed")
        ),
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
            assert (role_arn("studio") in named) == (role_arn("studio-*") in named), (key, statement["sid"])
            assert len([arn for arn in named if "-users/" in arn]) <= 1, (key, statement["sid"])


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
