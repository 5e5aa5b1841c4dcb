"""Endpoints that people make in Studio: the SDK's names or the environment's, our key, never the pipeline's."""

from __future__ import annotations

import pytest

from policies import guardrails, studio
from policies.jobs import Placement
from sagekeep.settings import parse
from tests.verdicts import EVERYTHING, Caller, Request, both_say

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), KEY)
CALLER = Caller("123456789012", "arn:aws:iam::123456789012:role/acme-ml-studio-us-east-1")
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
# A pipeline whose name begins as the names of people's endpoints do.
SETTINGS = parse(
    {
        "prefix": "acme-ml",
        "account_id": "123456789012",
        "region": "us-east-1",
        "pipeline": {"name": "acme-ml-scores"},
    },
    environment="test",
)
STUDIO = studio.Studio(PLACE, KEY.replace("1111", "2222"), "vpc-1")
# What every role in Studio has beside its own policy.
SHARED = [
    *studio.jobs_of_ones_own(SETTINGS, PLACE),
    *studio.endpoints_of_ones_own(SETTINGS, PLACE),
    *guardrails.guardrails(SETTINGS, PLACE),
]
ROLES = {
    "shared": [*studio.studio_role(SETTINGS, STUDIO), *SHARED],
    "of one user": [*studio.studio_role(SETTINGS, STUDIO, studio.Owner("d-1", "jo")), *SHARED],
}
KEEP = ("CreateEndpoint", "DescribeEndpoint", "InvokeEndpoint", "DeleteEndpoint")
SDKS_NAMES = ("endpoint-2869fc6f", "sagemaker-scikit-learn-2026-12-01-10-49-00-683", "acme-ml-mine")


@pytest.mark.parametrize("role", ROLES)
def test_people_keep_endpoints_of_the_sdks_names_and_the_environments(role: str) -> None:
    for name in SDKS_NAMES:
        for action in KEEP:
            assert both_say(ROLES[role], CALLER, Request(f"sagemaker:{action}", f"{ARN}endpoint/{name}")) == "Allow"


@pytest.mark.parametrize("role", ROLES)
def test_endpoints_of_other_names_are_not_theirs(role: str) -> None:
    for action in (*KEEP, "UpdateEndpoint"):
        asked = Request(f"sagemaker:{action}", f"{ARN}endpoint/another-teams")
        assert both_say(ROLES[role], CALLER, asked) == "ImplicitDeny"


def test_the_pipelines_endpoint_is_nobodys_though_its_name_begins_as_theirs() -> None:
    wide = [EVERYTHING, *ROLES["shared"]]
    for action, resource in (
        ("CreateEndpoint", "endpoint/acme-ml-scores"),
        ("DeleteEndpoint", "endpoint/acme-ml-scores"),
        ("CreateEndpointConfig", "endpoint-config/acme-ml-scores-1"),
        ("DeleteEndpointConfig", "endpoint-config/acme-ml-scores-1"),
    ):
        keys = (("sagemaker:VolumeKmsKeyArn", KEY),)
        asked = Request(f"sagemaker:{action}", f"{ARN}{resource}", keys)
        assert both_say(wide, CALLER, asked) == "LeaveThePipelinesEndpointAlone"


@pytest.mark.parametrize("role", ROLES)
def test_an_endpoint_has_our_key_or_is_not_made(role: str) -> None:
    for name in SDKS_NAMES:
        for value in (KEY, KEY.replace("1111", "9999"), None):
            keys = (("sagemaker:VolumeKmsKeyArn", value),) if value else ()
            asked = Request("sagemaker:CreateEndpointConfig", f"{ARN}endpoint-config/{name}", keys)
            assert (both_say(ROLES[role], CALLER, asked) == "Allow") == (value == KEY)


@pytest.mark.parametrize("role", ROLES)
def test_what_the_sdk_asks_of_the_bucket_is_below_its_prefix(role: str) -> None:
    bucket = "arn:aws:s3:::acme-ml-data-123456789012-us-east-1"
    listed = Request("s3:ListBucket", bucket, (("s3:prefix", "sdk/jobs"),))
    assert both_say(ROLES[role], CALLER, listed) == "Allow"
    assert both_say(ROLES[role], CALLER, Request("s3:ListBucket", bucket)) == "ImplicitDeny"
    for action, key, said in (
        ("s3:PutObject", "sdk/jobs/x/source/sourcedir.tar.gz", "Allow"),
        ("s3:GetObject", "sdk/jobs/x/output/model.tar.gz", "Allow"),
        ("s3:PutObject", "x/source/sourcedir.tar.gz", "ImplicitDeny"),
    ):
        assert both_say(ROLES[role], CALLER, Request(action, f"{bucket}/{key}")) == said
