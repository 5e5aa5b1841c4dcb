"""Decisions over all layers, by the worked examples of the IAM user guide, and what holds of any policies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagekeep.iam import Caller, Grant, Layers, Policy, Verdict
from tests.unit.tool.iam_examples import ACCOUNT, BUCKET, FOREIGN, NOBODY, ROLE, ROOT, USER, ask, policy

EVERYTHING = policy({"Sid": "All"}, origin="identity")
NOTHING = policy({"Action": "none:none"}, origin="limit")
STRANGER = Caller(f"arn:aws:iam::{FOREIGN}:role/visitor", FOREIGN, "role", "v")


def by(*principals: Any, **elements: Any) -> Policy:
    """A resource's policy with a statement for each principal."""
    statements = [{"Sid": f"S{number}", "Principal": one, **elements} for number, one in enumerate(principals)]
    return policy(*statements, origin="resource")


class TestOneAccount:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html"""

    identity = policy(
        {"Sid": "AllowS3ListRead", "Action": ["s3:GetBucketLocation", "s3:ListAllMyBuckets"]},
        {"Sid": "AllowS3Self", "Action": "s3:*", "Resource": [f"{BUCKET}/*", BUCKET]},
        {"Sid": "DenyS3Logs", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*logs*"},
        origin="carlos",
    )  # fmt: skip
    bucket = by({"AWS": USER.arn}, Action="s3:*", Resource=[f"{BUCKET}/*", BUCKET])

    def test_carlos_is_denied_his_logs_by_name(self) -> None:
        verdict = ask(action="s3:PutObject", layers=Layers(identity=(self.identity,), resource=self.bucket))
        assert verdict == Verdict(allowed=False, layer="identity", explicit=True, origin="carlos", sid="DenyS3Logs")

    def test_without_the_deny_either_policy_is_enough(self) -> None:
        kept = replace(self.identity, statements=self.identity.statements[:2])
        assert ask(layers=Layers(identity=(kept,))).allowed_by == (Grant("identity", "carlos", "AllowS3Self"),)
        assert ask(layers=Layers(resource=self.bucket)).allowed_by == (Grant("resource", "resource", "S0"),)
        assert not ask(layers=Layers()).allowed


class TestNaming:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html"""

    # caller, principal, whether the resource's policy alone allows; and within a boundary that does not
    CASES = (
        (USER, {"AWS": USER.arn}, True, True),
        (USER, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, False, False),
        (USER, {"AWS": ACCOUNT}, False, False),
        (USER, "*", True, True),
        (USER, {"AWS": USER.arn.upper()}, False, False),
        (ROLE, {"AWS": ROLE.arn}, True, False),
        (ROLE, {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/visit"}, True, True),
        (ROLE, {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/other"}, False, False),
        (ROLE, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/analyst"}, False, False),
        (ROLE, {"Service": "sagemaker.amazonaws.com"}, False, False),
    )

    @pytest.mark.parametrize(("caller", "principal", "alone", "unlimited"), CASES)
    def test_the_closer_a_name_the_less_limits_it(
        self, caller: Caller, principal: Any, alone: bool, unlimited: bool
    ) -> None:
        assert ask(caller, layers=Layers(resource=by(principal))).allowed is alone
        assert ask(caller, layers=Layers(resource=by(principal), boundary=NOTHING)).allowed is unlimited

    def test_an_explicit_deny_of_a_boundary_still_counts(self) -> None:
        deny = policy({"Sid": "No", "Effect": "Deny"}, origin="boundary")
        verdict = ask(layers=Layers(resource=by("*"), boundary=deny))
        assert (verdict.allowed, verdict.layer, verdict.sid) == (False, "boundary", "No")


class TestNotPrincipal:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""

    ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
    SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/visit"
    CASES = (
        (USER, [USER.arn, ROOT_ARN], True),
        (USER, [USER.arn], False),
        (USER, [ROOT_ARN], False),
        (ROLE, [SESSION, ROLE.arn, ROOT_ARN], True),
        (ROLE, [ROLE.arn, ROOT_ARN], True),
        (ROLE, [USER.arn, ROOT_ARN], False),
        (ROOT, [ROOT_ARN], True),
        (NOBODY, [ROOT_ARN], False),
    )

    @pytest.mark.parametrize(("caller", "listed", "spared"), CASES)
    def test_the_account_must_be_listed_too(self, caller: Caller, listed: list[str], spared: bool) -> None:
        bucket = policy({"Effect": "Deny", "NotPrincipal": {"AWS": listed}}, {"Principal": "*"})
        assert ask(caller, layers=Layers(identity=(EVERYTHING,), resource=bucket)).allowed is spared


class TestTwoAccounts:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html"""

    @pytest.mark.parametrize(("identity", "principal", "layer"), [
        ((EVERYTHING,), {"AWS": STRANGER.arn}, ""), ((EVERYTHING,), {"AWS": FOREIGN}, ""), ((EVERYTHING,), "*", ""),
        ((), {"AWS": STRANGER.arn}, "identity"), ((EVERYTHING,), {"AWS": ACCOUNT}, "resource"),
        ((EVERYTHING,), {"AWS": f"arn:aws:iam::{FOREIGN}:role/other"}, "resource"),
    ])  # fmt: skip
    def test_both_must_allow(self, identity: tuple[Policy, ...], principal: Any, layer: str) -> None:
        verdict = ask(STRANGER, layers=Layers(identity=identity, resource=by(principal)))
        assert verdict.allowed is (layer == "")
        if layer:
            assert (verdict.layer, verdict.explicit) == (layer, False)
        else:
            assert [grant.layer for grant in verdict.allowed_by] == ["identity", "resource"]

    def test_a_resource_without_policy_is_closed_to_others(self) -> None:
        assert ask(STRANGER, layers=Layers(identity=(EVERYTHING,))).layer == "resource"
        assert not ask(Caller(f"arn:aws:iam::{FOREIGN}:root", FOREIGN, "root")).allowed


class TestKeysAndRoles:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html: the key policy must allow."""

    KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    TARGET = f"arn:aws:iam::{ACCOUNT}:role/deployer"

    @pytest.mark.parametrize(("action", "resource"), [("kms:Decrypt", KEY), ("sts:AssumeRole", TARGET)])
    def test_the_resources_policy_must_allow_or_leave_it_to_the_account(self, action: str, resource: str) -> None:
        root = by({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        other = by({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})
        every = (EVERYTHING,)

        def may(layers: Layers) -> Verdict:
            return ask(ROLE, action, resource, layers=layers)

        assert may(Layers(identity=every, resource=root)).allowed
        assert may(Layers(resource=root)).layer == "identity"
        assert may(Layers(identity=every, resource=other)).layer == "resource"
        assert may(Layers(resource=by({"AWS": ROLE.arn}))).allowed

    def test_a_trust_policy_names_no_resource(self) -> None:
        trust = policy({"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})  # fmt: skip
        bare = replace(trust, statements=(replace(trust.statements[0], resources=()),))
        service = Caller("sagemaker.amazonaws.com", "", "service")
        layers = Layers(resource=bare)
        assert ask(service, "sts:AssumeRole", self.TARGET, layers=layers, aws__SourceAccount=ACCOUNT).allowed
        assert not ask(service, "sts:AssumeRole", self.TARGET, layers=layers, aws__SourceAccount=FOREIGN).allowed
        other = Caller("lambda.amazonaws.com", "", "service")
        assert not ask(other, "sts:AssumeRole", self.TARGET, layers=layers, aws__SourceAccount=ACCOUNT).allowed


class TestLimits:
    @pytest.mark.parametrize("layer", ["boundary", "session", "endpoint"])
    def test_a_limit_must_allow_and_is_named(self, layer: str) -> None:
        limit = policy({"Sid": "Some", "Action": "s3:*", "Principal": "*"}, origin="limit")
        layers = replace(Layers(identity=(EVERYTHING,)), **{layer: limit})
        assert ask(ROLE, layers=layers).allowed_by[-1] == Grant(layer, "limit", "Some")
        verdict = ask(ROLE, "sns:Publish", "arn:aws:sns:us-east-1:111122223333:t", layers=layers)
        assert verdict == Verdict(allowed=False, layer=layer, explicit=False, origin="limit")

    def test_root_needs_no_policy_and_obeys_denies(self) -> None:
        assert ask(ROOT).allowed
        deny = policy({"Effect": "Deny", "Principal": "*", "Sid": "NoBody"})
        assert ask(ROOT, layers=Layers(resource=deny)).sid == "NoBody"

    def test_an_endpoint_holds_for_nobody_too(self) -> None:
        public = by("*")
        assert ask(NOBODY, layers=Layers(resource=public)).allowed
        own = policy({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}})
        assert ask(NOBODY, layers=Layers(resource=public, endpoint=own)).layer == "endpoint"


def test_keys_of_the_caller_are_filled_in_unless_given() -> None:
    asked = {
        "aws:PrincipalArn": ROLE.arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "AssumedRole",
        "aws:PrincipalIsAWSService": "false",
        "aws:ResourceAccount": FOREIGN,
        "s3:ResourceAccount": FOREIGN,
    }
    condition = {"Condition": {"StringEquals": asked}}
    layers = Layers(identity=(policy(condition),), resource=by("*"))
    assert ask(ROLE, owner=FOREIGN, layers=layers).allowed
    assert not ask(ROLE, owner=FOREIGN, layers=layers, aws__ResourceAccount=ACCOUNT).allowed


# Anything that applies to a few requests, so that statements meet.
_conditions = st.sampled_from([
    {}, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
    {"Null": {"aws:SourceVpce": "true"}}, {"ArnNotLike": {"aws:PrincipalArn": ROLE.arn}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["t*"]}}, {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["team"]}},
])  # fmt: skip
_statements = st.fixed_dictionaries({
    "Sid": st.sampled_from(["A", "B"]),
    "Action": st.sampled_from(["s3:*", "s3:GetObject", "s3:Put*", "*"]),
    "Resource": st.sampled_from([BUCKET, f"{BUCKET}/*", "*", BUCKET + "/${aws:username}"]),
    "Principal": st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": ROLE.arn}, {"AWS": USER.arn}]),
    "Condition": _conditions,
})  # fmt: skip
_policies = st.lists(
    st.builds(lambda one, effect: {**one, "Effect": effect}, _statements, st.sampled_from(["Allow", "Allow", "Deny"])),
    max_size=3,
).map(lambda statements: policy(*statements))
_optional = st.none() | _policies
_layers = st.builds(Layers, st.lists(_policies, max_size=2).map(tuple), _optional, _optional, _optional, _optional)
_requests = st.fixed_dictionaries({
    "caller": st.sampled_from([USER, ROLE, ROOT, STRANGER, NOBODY]),
    "action": st.sampled_from(["s3:GetObject", "s3:PutObject", "kms:Decrypt"]),
    "resource": st.sampled_from([BUCKET, f"{BUCKET}/carlos", f"{BUCKET}/x"]),
    "owner": st.sampled_from([ACCOUNT, FOREIGN]),
    "aws__SourceVpce": st.sampled_from([(), ("vpce-1",), ("vpce-2",)]),
    "aws__TagKeys": st.sampled_from([(), ("team",), ("team", "cost")]),
})  # fmt: skip
_places = st.sampled_from(["identity", "boundary", "session", "resource", "endpoint"])


def added(layers: Layers, place: str, statement: dict[str, Any]) -> Layers:
    """The layers with a statement more, in a policy that is there."""
    more = policy(statement).statements
    if place == "identity":
        return replace(layers, identity=(*layers.identity, Policy("more", more)))
    old = getattr(layers, place)
    return replace(layers, **{place: Policy(old.origin, (*old.statements, *more))}) if old else layers


@settings(max_examples=150)
@given(layers=_layers, request=_requests, place=_places, statement=_statements)
def test_a_deny_more_never_allows(layers: Layers, request: Any, place: str, statement: dict[str, Any]) -> None:
    before = ask(layers=layers, **request)
    after = ask(layers=added(layers, place, {**statement, "Effect": "Deny"}), **request)
    assert before.allowed or not after.allowed


@settings(max_examples=150)
@given(layers=_layers, request=_requests, place=_places, statement=_statements)
def test_an_allow_more_never_denies(layers: Layers, request: Any, place: str, statement: dict[str, Any]) -> None:
    before = ask(layers=layers, **request)
    after = ask(layers=added(layers, place, {**statement, "Effect": "Allow"}), **request)
    assert after.allowed or not before.allowed


@settings(max_examples=150)
@given(layers=_layers, request=_requests, place=st.sampled_from(["boundary", "session", "endpoint"]), limit=_policies)
def test_a_limit_more_never_allows(layers: Layers, request: Any, place: str, limit: Policy) -> None:
    without = replace(layers, **{place: None})
    assert (
        ask(layers=without, **request).allowed or not ask(layers=replace(layers, **{place: limit}), **request).allowed
    )


@settings(max_examples=150)
@given(layers=_layers, request=_requests)
def test_without_the_statement_that_denied_another_reason_is_named(layers: Layers, request: Any) -> None:
    numbered = relabelled(layers)
    verdict = ask(layers=numbered, **request)
    assert verdict.explicit == bool(verdict.sid) or verdict.allowed
    if verdict.explicit:
        other = ask(layers=without(numbered, verdict.sid), **request)
        assert (other.allowed, other.sid) != (False, verdict.sid)


def changed(layers: Layers, change: Callable[[Policy], Policy]) -> Layers:
    places = ("boundary", "session", "resource", "endpoint")
    rest = {place: change(getattr(layers, place)) for place in places if getattr(layers, place)}
    return replace(layers, identity=tuple(change(one) for one in layers.identity), **rest)


def relabelled(layers: Layers) -> Layers:
    numbers = itertools.count()

    def change(old: Policy) -> Policy:
        return replace(old, statements=tuple(replace(one, sid=f"S{next(numbers)}") for one in old.statements))

    return changed(layers, change)


def without(layers: Layers, sid: str) -> Layers:
    return changed(layers, lambda old: replace(old, statements=tuple(s for s in old.statements if s.sid != sid)))
