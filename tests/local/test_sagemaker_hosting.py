"""Models, endpoint configurations, endpoints, model package groups and tags."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from tests.local.fake_world import ACCOUNT, KEY, ROLE, STRANGER, Account

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:"
VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
VARIANT = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


@pytest.fixture
def account() -> Account:
    return Account()


def serving(account: Account, **model: Any) -> None:
    """The endpoint e, InService, of the configuration c and the model m."""
    account.model(**model)
    account.config()
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    account.wait()


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("DescribeEndpoint", {"EndpointName": "x"}, f'Could not find endpoint "{ARN}endpoint/x".'),
        ("DeleteEndpoint", {"EndpointName": "x"}, f'Could not find endpoint "{ARN}endpoint/x".'),
        ("DescribeModel", {"ModelName": "x"}, f'Could not find model "{ARN}model/x".'),
        ("DescribeEndpointConfig", {"EndpointConfigName": "x"},
         f'Could not find endpoint configuration "{ARN}endpoint-config/x".'),
        ("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "x"},
         f'Could not find endpoint configuration "{ARN}endpoint-config/x".'),
        ("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": [VARIANT]},
         f'Could not find model "{ARN}model/m".'),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": "x"},
         f"ModelPackageGroup {ARN}model-package-group/x does not exist."),
    ],
)  # fmt: skip
def test_missing_things_are_validation_errors(
    account: Account, operation: str, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(AwsError) as refusal:
        account(operation, **params)
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


def test_an_endpoint_is_created_updated_and_deleted(account: Account) -> None:
    account.model()
    account.config()
    account.config("c2")
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "Creating"
    account.wait()
    endpoint = account("DescribeEndpoint", EndpointName="e")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c")
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert endpoint["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"] == "i"
    account("UpdateEndpoint", EndpointName="e", EndpointConfigName="c2")
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "Updating"
    account.wait()
    assert account("DescribeEndpoint", EndpointName="e")["EndpointConfigName"] == "c2"
    account("DeleteEndpoint", EndpointName="e")
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "Deleting"
    account.wait()
    with pytest.raises(AwsError, match="Could not find endpoint"):
        account("DescribeEndpoint", EndpointName="e")


def test_an_endpoint_is_updated_with_a_new_configuration_only(account: Account) -> None:
    serving(account)
    with pytest.raises(AwsError, match="create a new one"):
        account("UpdateEndpoint", EndpointName="e", EndpointConfigName="c")


def test_an_endpoint_in_progress_is_left_alone(account: Account) -> None:
    account.model()
    account.config()
    account.config("c2")
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    for operation, extra in (("UpdateEndpoint", {"EndpointConfigName": "c2"}), ("DeleteEndpoint", {})):
        with pytest.raises(AwsError, match="Cannot update in-progress endpoint"):
            account(operation, EndpointName="e", **extra)


def test_an_endpoint_protects_neither_its_configuration_nor_its_model(account: Account) -> None:
    serving(account)
    account("DeleteEndpointConfig", EndpointConfigName="c")
    account("DeleteModel", ModelName="m")
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"


def test_an_endpoint_whose_model_is_gone_is_refused(account: Account) -> None:
    account.model()
    account.config()
    account("DeleteModel", ModelName="m")
    with pytest.raises(AwsError, match="Could not find model"):
        account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    assert account("ListEndpoints")["Endpoints"] == []


def test_an_endpoint_in_the_vpc_holds_interfaces_until_it_is_gone(account: Account) -> None:
    serving(account, VpcConfig=VPC)
    assert [(i.subnet_id, i.groups) for i in account.world.interfaces.values()] == [("subnet-1", ("sg-1",))]
    account.config("c3", ProductionVariants=[VARIANT | {"InitialInstanceCount": 3}])
    account("UpdateEndpoint", EndpointName="e", EndpointConfigName="c3")
    account.interfaces_go()
    assert len(account.world.interfaces) == 3
    account.wait()
    account("DeleteEndpoint", EndpointName="e")
    assert len(account.world.interfaces) == 3
    account.wait()
    account("ListEndpoints")
    account.interfaces_go()
    assert account.world.interfaces == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ExecutionRoleArn": STRANGER}, "Could not assume role"),
        ({"ExecutionRoleArn": ROLE + "x"}, "Could not assume role"),
        ({"ExecutionRoleArn": None}, "ExecutionRoleArn is required"),
        ({"PrimaryContainer": {}}, "requires an Image"),
        ({"PrimaryContainer": None}, "Exactly one of"),
        ({"VpcConfig": VPC | {"Subnets": ["subnet-9"]}}, "'subnet-9' does not exist"),
        ({"VpcConfig": VPC | {"SecurityGroupIds": ["sg-x"]}}, "'sg-x' does not exist"),
        ({"ModelName": "under_score"}, "regular expression"),
    ],
)
def test_a_model_that_cannot_be_deployed_is_refused(account: Account, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        account.model(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ProductionVariants": [VARIANT, VARIANT]}, "must be unique"),
        ({"ProductionVariants": [{"VariantName": "v", "ModelName": "m"}]}, "requires InstanceType"),
        ({"ProductionVariants": []}, "length greater than or equal to 1"),
        ({"KmsKeyId": "none"}, "KMS key 'none'"),
        ({"KmsKeyId": KEY, "ProductionVariants": [VARIANT | {"InstanceType": "ml.m5d.large"}]}, "local NVMe"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused(account: Account, changes: dict[str, Any], message: str) -> None:
    account.model()
    with pytest.raises(AwsError, match=message):
        account.config(**changes)


@pytest.mark.parametrize("kind", ["model", "config"])
def test_names_are_unique(account: Account, kind: str) -> None:
    account.model()
    account.config()
    with pytest.raises(AwsError, match="Cannot create already existing"):
        account.model() if kind == "model" else account.config()


def test_a_model_package_group_is_completed_and_found_by_name_or_arn(account: Account) -> None:
    arn = account("CreateModelPackageGroup", ModelPackageGroupName="group")["ModelPackageGroupArn"]
    for given in ("group", arn):
        found = account("DescribeModelPackageGroup", ModelPackageGroupName=given)
        assert found["ModelPackageGroupStatus"] == "Completed"
        assert "IamIdentity" in found["CreatedBy"]
    with pytest.raises(AwsError, match="already exists") as refusal:
        account("CreateModelPackageGroup", ModelPackageGroupName="group")
    assert refusal.value.code == "ValidationException"
    account("DeleteModelPackageGroup", ModelPackageGroupName="group")
    assert account("ListModelPackageGroups") == {"ModelPackageGroupSummaryList": []}


def test_tags_are_added_replaced_listed_deleted_and_go_with_their_resource(account: Account) -> None:
    account.model(Tags=[{"Key": "a", "Value": "1"}])
    arn = account("DescribeModel", ModelName="m")["ModelArn"]
    account("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    account("DeleteTags", ResourceArn=arn, TagKeys=["b", "never"])
    assert account("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    assert "Tags" not in account("DescribeModel", ModelName="m")
    account("DeleteModel", ModelName="m")
    account.model()
    assert account("ListTags", ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([{"Key": "aws:x", "Value": "1"}], "prefix aws: is reserved"),
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "must be unique"),
        ([{"Key": "", "Value": "1"}], "length"),
    ],
)
def test_tags_that_aws_refuses_are_refused(account: Account, tags: list[dict[str, str]], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        account.model(Tags=tags)
    assert account("ListModels")["Models"] == []


def test_tags_of_nothing_are_not_found(account: Account) -> None:
    with pytest.raises(AwsError) as refusal:
        account("ListTags", ResourceArn=ARN + "model/none")
    assert refusal.value.code == "ResourceNotFound"
