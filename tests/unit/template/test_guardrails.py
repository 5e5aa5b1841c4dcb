"""Guardrails: what is sealed passes them, and each thing that is not sealed is denied by the statement about it."""

from __future__ import annotations

import pytest

from policies.guardrails import guardrails
from policies.jobs import Placement
from policies.statement import Statement
from sagekeep.settings import parse
from tests.verdicts import EVERYTHING, Caller, Request, verdict

SETTINGS = parse({"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}, environment="test")
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = KEY.replace("1111", "9999")
PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), KEY)
RAILS = [EVERYTHING, *guardrails(SETTINGS, PLACE)]
PERSON = Caller("123456789012", "arn:aws:iam::123456789012:role/acme-ml-studio-us-east-1")

# Sealed values of the condition keys, and the faults of each with the statement that denies it; None: no such key.
SEALED: dict[str, str | list[str]] = {
    "VpcSubnets": ["subnet-1", "subnet-2"],
    "VpcSecurityGroupIds": ["sg-1"],
    "NetworkIsolation": "true",
    "InterContainerTrafficEncryption": "true",
    "VolumeKmsKeyArn": KEY,
    "OutputKmsKeyArn": KEY,
    "AppNetworkAccessType": "VpcOnly",
    "DirectInternetAccess": "Disabled",
    "EnableRemoteDebug": "false",
    "RemoteAccess": "DISABLED",
}
FAULTS: dict[str, dict[str | None, str]] = {
    "VpcSubnets": {None: "DenyWorkOutsideAVpc", "subnet-1 subnet-9": "DenyWorkInOtherSubnets"},
    "VpcSecurityGroupIds": {"sg-1 sg-9": "DenyWorkInOtherGroups"},
    "NetworkIsolation": dict.fromkeys((None, "false"), "DenyCodeWithoutIsolation"),
    "InterContainerTrafficEncryption": dict.fromkeys((None, "false"), "DenyOpenTrafficInJobs"),
    "VolumeKmsKeyArn": dict.fromkeys((None, OTHER_KEY), "DenyVolumesUnderOtherKeys"),
    "OutputKmsKeyArn": dict.fromkeys((None, OTHER_KEY), "DenyOutputsUnderOtherKeys"),
    "AppNetworkAccessType": {
        None: "DenyDomainsThatAreNotVpcOnly",
        "PublicInternetOnly": "DenyDomainsThatAreNotVpcOnly",
    },
    "DirectInternetAccess": dict.fromkeys((None, "Enabled"), "DenyNotebooksOnTheInternet"),
    "EnableRemoteDebug": {"true": "DenyShellsInJobs"},
    "RemoteAccess": {"ENABLED": "DenyRemoteAccessToSpaces"},
}

# Condition keys of the actions: Service Authorization Reference for SageMaker, by way of iam-data, September 2026.
_VPC = ("VpcSubnets", "VpcSecurityGroupIds")
_KEYS = ("InterContainerTrafficEncryption", "VolumeKmsKeyArn", "OutputKmsKeyArn")
_CODE = (*_VPC, *_KEYS, "NetworkIsolation")
ACTIONS: dict[str, tuple[str, ...]] = {
    "CreateAutoMLJob": (*_VPC, *_KEYS),
    "CreateAutoMLJobV2": (*_VPC, *_KEYS),
    "CreateDataQualityJobDefinition": _CODE,
    "CreateHyperParameterTuningJob": _CODE,
    "CreateModelBiasJobDefinition": _CODE,
    "CreateModelExplainabilityJobDefinition": _CODE,
    "CreateModelQualityJobDefinition": _CODE,
    "CreateMonitoringSchedule": _CODE,
    "CreateProcessingJob": _CODE,
    "CreateTrainingJob": (*_CODE, "EnableRemoteDebug"),
    "UpdateMonitoringSchedule": _CODE,
    "CreateModel": (*_VPC, "NetworkIsolation"),
    "CreateNotebookInstance": ("VpcSubnets", "VolumeKmsKeyArn", "DirectInternetAccess"),
    "CreateTransformJob": ("VolumeKmsKeyArn", "OutputKmsKeyArn"),
    "CreateEndpointConfig": ("VolumeKmsKeyArn",),
    "CreateDomain": ("VpcSubnets", "AppNetworkAccessType"),
    "CreateSpace": ("RemoteAccess",),
    "UpdateSpace": ("RemoteAccess",),
}


def asked(action: str, **changes: str | list[str] | None) -> Request:
    values = {**{key: SEALED[key] for key in ACTIONS.get(action, ())}, **changes}
    present = [(f"sagemaker:{key}", value) for key, value in values.items() if value is not None]
    return Request(f"sagemaker:{action}", "arn:aws:sagemaker:us-east-1:123456789012:x/y", tuple(present))


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_sealed_passes(action: str) -> None:
    assert verdict(RAILS, PERSON, asked(action)) == "Allow"


CASES = [
    (action, key, fault, sid) for action, keys in ACTIONS.items() for key in keys for fault, sid in FAULTS[key].items()
]


@pytest.mark.parametrize(("action", "key", "fault", "sid"), CASES)
def test_what_is_not_sealed_is_denied_by_the_statement_about_it(
    action: str, key: str, fault: str | None, sid: str
) -> None:
    value = fault.split() if fault and isinstance(SEALED[key], list) else fault
    wrong = asked(action, **{key: value})
    assert verdict(RAILS, PERSON, wrong) == sid
    assert verdict(without(sid), PERSON, wrong) == "Allow"  # and by nothing else


def without(sid: str) -> list[Statement]:
    return [statement for statement in RAILS if statement.sid != sid]


def test_a_domain_may_be_updated_but_not_opened_or_moved() -> None:
    assert verdict(RAILS, PERSON, asked("UpdateDomain")) == "Allow"
    assert verdict(RAILS, PERSON, asked("UpdateDomain", AppNetworkAccessType="VpcOnly")) == "Allow"
    opened = asked("UpdateDomain", AppNetworkAccessType="PublicInternetOnly")
    assert verdict(RAILS, PERSON, opened) == "DenyOpeningADomain"
    assert verdict(RAILS, PERSON, asked("UpdateDomain", VpcSubnets=["subnet-9"])) == "DenyWorkInOtherSubnets"


def test_an_endpoint_without_a_model_stays_in_our_vpc() -> None:
    inside = asked("CreateEndpointConfig", VpcSubnets=["subnet-2"], VpcSecurityGroupIds=["sg-1"])
    assert verdict(RAILS, PERSON, inside) == "Allow"
    outside = asked("CreateEndpointConfig", VpcSubnets=["subnet-2"], VpcSecurityGroupIds=["sg-9"])
    assert verdict(RAILS, PERSON, outside) == "DenyWorkInOtherGroups"


def test_a_job_in_another_region_is_denied_too() -> None:
    elsewhere = Request("sagemaker:CreateProcessingJob", "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/x")
    assert verdict(RAILS, PERSON, elsewhere) == "DenyWorkOutsideAVpc"


def test_every_statement_denies_something_here() -> None:
    denied = {sid for _, _, _, sid in CASES} | {"DenyOpeningADomain"}
    assert denied == {statement.sid for statement in RAILS if statement.effect == "Deny"}
