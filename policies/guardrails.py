"""Denies for people who experiment, whatever else their roles allow (control I6).

An action stands where it has the condition key, or where a missing key denies nothing: condition keys by action are
those of the Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker". Patterns:
github.com/aws-samples/data-perimeter-policy-examples, service_control_policies/service_specific_controls. What may be
asked for at all stands in `policies.reviewed`.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.encryption import OUTPUT, VOLUME, not_ours
from policies.jobs import Placement
from policies.statement import Condition, Statement, deny, when
from sagekeep.settings import Settings

# Containers that run code of ours: all of the keys about network, isolation and encryption exist for them.
CODE = (
    "Create*JobDefinition",
    "CreateHyperParameterTuningJob",
    "CreateMonitoringSchedule",
    "CreateProcessingJob",
    "CreateTrainingJob",
    "UpdateMonitoringSchedule",
)
JOBS = (*CODE, "CreateAutoMLJob*")  # AutoML runs AWS's own code: it has no key about isolation
IN_A_VPC = (*JOBS, "CreateDomain", "CreateModel", "CreateNotebookInstance")


def guardrails(_settings: Settings, place: Placement) -> list[Statement]:
    """Nothing outside our subnets and groups, without isolation, under other keys; no way in from the internet.

    One denial a promise, so that the message of a refused call can be traced to it. Keys with several values are tested
    with ForAnyValue, which is false where the key is missing: a missing one has a denial of its own.
    """
    domain, internet = "sagemaker:AppNetworkAccessType", "sagemaker:DirectInternetAccess"
    rows: tuple[tuple[str, Sequence[str], list[Condition]], ...] = (
        ("DenyWorkOutsideAVpc", IN_A_VPC, [when("Null", "sagemaker:VpcSubnets", "true")]),
        (
            "DenyWorkInOtherSubnets",
            ("Create*", "Update*"),
            [when("ForAnyValue:StringNotEquals", "sagemaker:VpcSubnets", place.subnet_ids)],
        ),
        (
            "DenyWorkInOtherGroups",
            (*JOBS, "CreateEndpointConfig", "CreateModel"),
            [when("ForAnyValue:StringNotEquals", "sagemaker:VpcSecurityGroupIds", place.security_group_ids)],
        ),
        ("DenyCodeWithoutIsolation", (*CODE, "CreateModel"), _unless_true("sagemaker:NetworkIsolation")),
        ("DenyOpenTrafficInJobs", JOBS, _unless_true("sagemaker:InterContainerTrafficEncryption")),
        (
            "DenyVolumesUnderOtherKeys",
            (*JOBS, "CreateEndpointConfig", "CreateNotebookInstance", "CreateTransformJob"),
            not_ours(VOLUME, place.key_arn),
        ),
        ("DenyOutputsUnderOtherKeys", (*JOBS, "CreateTransformJob"), not_ours(OUTPUT, place.key_arn)),
        ("DenyDomainsThatAreNotVpcOnly", ("CreateDomain",), _unless(domain, "VpcOnly")),
        (
            "DenyOpeningADomain",  # an update that says nothing of it changes nothing
            ("UpdateDomain",),
            [when("StringNotEquals", domain, "VpcOnly"), when("Null", domain, "false")],
        ),
        ("DenyNotebooksOnTheInternet", ("CreateNotebookInstance",), _unless(internet, "Disabled")),
        ("DenyShellsInJobs", ("CreateTrainingJob",), [when("Bool", "sagemaker:EnableRemoteDebug", "true")]),
        (
            "DenyRemoteAccessToSpaces",
            ("CreateSpace", "UpdateSpace"),
            [when("StringEquals", "sagemaker:RemoteAccess", "ENABLED")],
        ),
    )
    # Of any account and region: a job elsewhere is not in our VPC either.
    return [
        deny(sid, [f"sagemaker:{action}" for action in actions], on=["*"], given=given) for sid, actions, given in rows
    ]


def _unless(variable: str, value: str) -> list[Condition]:
    """The key has another value, or is missing."""
    return [when("StringNotEqualsIfExists", variable, value)]


def _unless_true(variable: str) -> list[Condition]:
    return [when("BoolIfExists", variable, "false")]
