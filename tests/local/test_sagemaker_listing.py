"""Pages, filters and orders of the List operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import OperationModel
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.model import service_model
from sagekeep.local.sagemaker.service import HANDLERS
from tests.local.fake_world import Account

LISTS = sorted(name for name in HANDLERS if name.startswith("List"))


def pages(account: Account, operation: str, result: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    answer = account(operation, **params)
    yield answer[result]
    while "NextToken" in answer:
        answer = account(operation, **params, NextToken=answer["NextToken"])
        yield answer[result]


def models(account: Account, *names: str) -> None:
    for name in names:
        account.model(name)
        account.wait(10)


@given(count=st.integers(0, 25), size=st.integers(1, 12), order=st.sampled_from(["Ascending", "Descending"]))
def test_pages_hold_everything_once_and_in_order(count: int, size: int, order: str) -> None:
    account = Account()
    names = [f"m{index:03}" for index in range(count)]
    for name in names:
        account.model(name)  # all at one instant: the serial number must order them
    got = list(pages(account, "ListModels", "Models", MaxResults=size, SortOrder=order))
    assert all(len(page) == size for page in got[:-1])
    flat = [model["ModelName"] for page in got for model in page]
    assert flat == (names if order == "Ascending" else names[::-1])


def test_deleting_what_was_read_skips_nothing() -> None:
    account = Account()
    models(account, *[f"m{index}" for index in range(9)])
    for page in pages(account, "ListModels", "Models", MaxResults=2):
        for model in page:
            account("DeleteModel", ModelName=model["ModelName"])
    assert account("ListModels")["Models"] == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["beta", "alpha-2", "alpha-1"]),
        ({"SortOrder": "Ascending"}, ["alpha-1", "alpha-2", "beta"]),
        ({"NameContains": "ALPHA"}, ["alpha-2", "alpha-1"]),
        ({"SortBy": "Name", "SortOrder": "Ascending"}, ["alpha-1", "alpha-2", "beta"]),
        ({"CreationTimeAfter": 1_800_000_000.0}, ["beta", "alpha-2"]),
        ({"CreationTimeBefore": 1_800_000_010}, ["alpha-1"]),
        ({"CreationTimeBefore": "2027-01-15T08:00:10Z"}, ["alpha-1"]),
    ],
)
def test_models_are_filtered_and_sorted(params: dict[str, Any], expected: list[str]) -> None:
    account = Account()
    models(account, "alpha-1", "alpha-2", "beta")
    assert [m["ModelName"] for m in account("ListModels", **params)["Models"]] == expected


def test_profiles_spaces_and_apps_are_filtered_by_domain_owner_and_name() -> None:
    account = Account()
    one, two = account.domain(), account.domain(DomainName="two")
    for domain_id in (one, two):
        account.profile(domain_id)
        account.space(domain_id)
        account.app(domain_id)
    account.profile(one, "bob")

    def count(operation: str, result: str, **params: Any) -> int:
        return len(account(operation, **params)[result])

    assert count("ListUserProfiles", "UserProfiles") == 3
    assert count("ListUserProfiles", "UserProfiles", DomainIdEquals=one) == 2
    assert count("ListUserProfiles", "UserProfiles", DomainIdEquals=one, UserProfileNameContains="ob") == 1
    assert count("ListSpaces", "Spaces", DomainIdEquals=two, SpaceNameContains="la") == 1
    assert count("ListApps", "Apps", DomainIdEquals=two, SpaceNameEquals="lab") == 1
    assert count("ListApps", "Apps", UserProfileNameEquals="ada") == 0
    space = account("ListSpaces", DomainIdEquals=one)["Spaces"][0]
    assert space["OwnershipSettingsSummary"] == {"OwnerUserProfileName": "ada"}
    assert space["SpaceSettingsSummary"] == {"AppType": "JupyterLab"}


def test_lifecycle_configurations_and_endpoints_are_filtered_by_type_and_status() -> None:
    account = Account()
    for name, kind in (("a", "JupyterLab"), ("b", "CodeEditor")):
        script = {"StudioLifecycleConfigName": name, "StudioLifecycleConfigContent": "ZWNobw=="}
        account("CreateStudioLifecycleConfig", **script, StudioLifecycleConfigAppType=kind)
    found = account("ListStudioLifecycleConfigs", AppTypeEquals="CodeEditor")["StudioLifecycleConfigs"]
    assert [config["StudioLifecycleConfigName"] for config in found] == ["b"]
    account.model()
    account.config()
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert len(account("ListEndpoints", StatusEquals="Creating", SortBy="Status")["Endpoints"]) == 1
    assert account("ListEndpoints", StatusEquals="InService")["Endpoints"] == []


@pytest.mark.parametrize("token", ["nonsense", "e30=", "ÄÖ", "WzEsMl0="])
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(AwsError, match="NextToken") as refusal:
        Account()("ListModels", NextToken=token)
    assert refusal.value.code == "ValidationException"


def test_a_token_of_another_order_is_refused() -> None:
    account = Account()
    models(account, "a", "b")
    token = account("ListModels", MaxResults=1)["NextToken"]
    with pytest.raises(AwsError, match="NextToken"):
        account("ListModels", MaxResults=1, NextToken=token, SortBy="Name")


@pytest.mark.parametrize("operation", LISTS)
def test_every_filter_of_aws_is_understood(operation: str) -> None:
    """Each member of the request is paging, an owner, or a filter on a member that the summaries have."""
    model: OperationModel = service_model().operation_model(operation)
    known = {"NextToken", "MaxResults", "SortBy", "SortOrder", "CrossAccountFilterOption"}
    owners = {"PipelineName", "PipelineExecutionArn", "ResourceArn"}
    filters = set(model.input_shape.members) - known - owners
    suffixes = ("Equals", "Contains", "Prefix", "After", "Before")
    assert all(name.endswith(suffixes) for name in filters)
