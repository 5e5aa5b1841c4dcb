"""What each call needs: ARNs, condition keys, dependent actions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep.iam import reference
from sagekeep.local.sagemaker import Permission
from sagekeep.local.sagemaker.permissions import job_permissions
from sagekeep.local.sagemaker.permissions_data import KEY_PATHS, NOT_SENT, RESOURCES
from sagekeep.local.sagemaker.service import HANDLERS
from tests.local.fake_world import ACCOUNT, KEY, ROLE, TOKEN, Account
from tests.local.pipeline_document import definition

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:"
VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
TAGS = [{"Key": "Team", "Value": "ml"}]
TAG_KEYS = {"aws:RequestTag/Team": "ml", "aws:TagKeys": ["Team"]}
PASS = Permission("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"})
SPECIAL = {
    "aws:RequestTag/*", "sagemaker:ModelArn", "sagemaker:OwnerUserProfileArn",
    "sagemaker:SpaceSharingType", "sagemaker:TaggingAction",
}  # fmt: skip


@pytest.fixture
def account() -> Account:
    return Account()


def needs(account: Account, operation: str, **params: Any) -> list[Permission]:
    return account.sagemaker.needs(operation, params)


def job(account: Account, operation: str, **params: Any) -> list[Permission]:
    return job_permissions(account.sagemaker.state, operation, params)


def test_every_operation_has_an_action_and_only_lists_have_a_star() -> None:
    assert set(HANDLERS) <= set(RESOURCES)


@pytest.mark.parametrize("operation", RESOURCES)
def test_a_request_names_resources_that_aws_has_for_its_action(operation: str) -> None:
    forms = [f"arn:aws:sagemaker:us-east-1:123456789012:{template}" for template in RESOURCES[operation]]
    action = f"sagemaker:{operation}"
    named = [form for form in forms if "Arn}" not in form]  # what a member names by its ARN is the request's
    assert all(reference.fits(action, form) for form in named)
    assert bool(forms) == bool(reference.resources(action))


def test_every_condition_key_of_aws_is_found_in_requests_or_named_as_not_sent() -> None:
    keys = {key for operation in RESOURCES for key in reference.sagemaker_keys(operation)}
    assert keys == set(KEY_PATHS) | SPECIAL | set(NOT_SENT)


@pytest.mark.parametrize("operation", ["ListDomains", "ListApps", "ListModels", "ListPipelines", "ListEndpoints"])
def test_an_action_without_resources_is_on_a_star(account: Account, operation: str) -> None:
    assert needs(account, operation) == [Permission(f"sagemaker:{operation}", "*")]


def test_a_domain_needs_its_network_key_roles_tags_and_grants(account: Account) -> None:
    settings = {
        "ExecutionRole": ROLE,
        "SecurityGroups": ["sg-1"],
        "SharingSettings": {"S3KmsKeyId": "sharing"},
        "JupyterLabAppSettings": {
            "DefaultResourceSpec": {"InstanceType": "ml.t3.medium"},
            "LifecycleConfigArns": [ARN + "studio-lifecycle-config/x"],
        },
    }
    request = {
        "DomainName": "studio",
        "AuthMode": "IAM",
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-1", "subnet-2"],
        "AppNetworkAccessType": "VpcOnly",
        "KmsKeyId": KEY,
        "DefaultUserSettings": settings,
        "DefaultSpaceSettings": {"ExecutionRole": ROLE + "-space"},
        "Tags": TAGS,
    }
    first, *others = needs(account, "CreateDomain", **request)
    assert first.action == "sagemaker:CreateDomain"
    assert first.resource_arn.startswith(ARN + "domain/d-")
    assert first.context == {
        **TAG_KEYS,
        "sagemaker:VpcSubnets": ["subnet-1", "subnet-2"],
        "sagemaker:VpcSecurityGroupIds": ["sg-1"],
        "sagemaker:InstanceTypes": ["ml.t3.medium"],
        "sagemaker:StudioLifecycleConfigArns": [ARN + "studio-lifecycle-config/x"],
        "sagemaker:AppNetworkAccessType": "VpcOnly",
        "sagemaker:AuthMode": "IAM",
        "sagemaker:DomainSharingOutputKmsKeyArn": "sharing",
        "sagemaker:VolumeKmsKeyArn": KEY,
    }
    tagging = {**TAG_KEYS, "sagemaker:TaggingAction": "CreateDomain"}
    assert PASS in others
    assert Permission("iam:PassRole", ROLE + "-space", PASS.context) in others
    assert Permission("sagemaker:AddTags", first.resource_arn, tagging) in others
    by_action = {permission.action: permission for permission in others}
    files = Permission("elasticfilesystem:CreateFileSystem", "*", {"elasticfilesystem:Encrypted": "true"})
    assert by_action["elasticfilesystem:CreateFileSystem"] == files
    uses = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext")
    assert {by_action[f"kms:{use}"].resource_arn for use in uses} == {KEY}
    assert by_action["kms:CreateGrant"].context == {
        "kms:ViaService": "sagemaker.us-east-1.amazonaws.com",
        "kms:CallerAccount": ACCOUNT,
        "kms:GrantIsForAWSResource": "true",
    }
    assert by_action["iam:CreateServiceLinkedRole"].context == {"iam:AWSServiceName": "sagemaker.amazonaws.com"}


def test_an_app_needs_its_owner_its_instance_and_grants_on_the_domains_key(account: Account) -> None:
    domain_id = account.domain(KmsKeyId=KEY)
    account.profile(domain_id)
    account.space(domain_id)
    key = {"DomainId": domain_id, "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default"}
    first, grant, describe = needs(account, "CreateApp", **key, ResourceSpec={"InstanceType": "ml.t3.large"})
    owner = {
        "sagemaker:OwnerUserProfileArn": f"{ARN}user-profile/{domain_id}/ada",
        "sagemaker:SpaceSharingType": "Private",
    }
    app_arn = f"{ARN}app/{domain_id}/lab/jupyterlab/default"
    assert first == Permission("sagemaker:CreateApp", app_arn, {**owner, "sagemaker:InstanceTypes": ["ml.t3.large"]})
    assert (grant.action, grant.resource_arn) == ("kms:CreateGrant", KEY)
    assert (describe.action, describe.resource_arn) == ("kms:DescribeKey", KEY)
    assert needs(account, "DeleteApp", **key) == [Permission("sagemaker:DeleteApp", app_arn, owner)]
    space = {"DomainId": domain_id, "SpaceName": "lab"}
    space_arn = f"{ARN}space/{domain_id}/lab"
    assert needs(account, "DeleteSpace", **space) == [Permission("sagemaker:DeleteSpace", space_arn, owner)]


def test_an_app_of_a_domain_without_a_key_needs_no_grant(account: Account) -> None:
    domain_id = account.domain()
    key = {"DomainId": domain_id, "UserProfileName": "ada", "AppType": "JupyterServer", "AppName": "default"}
    (only,) = needs(account, "CreateApp", **key)
    assert only.resource_arn == f"{ARN}app/{domain_id}/ada/jupyterserver/default"


def test_an_endpoint_needs_a_grant_on_the_key_of_its_configuration(account: Account) -> None:
    account.model()
    account.config("sealed", KmsKeyId=KEY)
    account.config("plain")
    for operation in ("CreateEndpoint", "UpdateEndpoint"):
        *_, grant = needs(account, operation, EndpointName="e", EndpointConfigName="sealed")
        assert (grant.action, grant.resource_arn) == ("kms:CreateGrant", KEY)
        assert "kms" not in str(needs(account, operation, EndpointName="e", EndpointConfigName="plain"))


def test_a_pipeline_needs_the_role_that_it_is_given_and_its_tags(account: Account) -> None:
    request = {"PipelineName": "Daily", "RoleArn": ROLE, "ClientRequestToken": TOKEN, "Tags": TAGS}
    found = needs(account, "CreatePipeline", **request, PipelineDefinition=json.dumps(definition()))
    arn = ARN + "pipeline/daily"
    tagging = {**TAG_KEYS, "sagemaker:TaggingAction": "CreatePipeline"}
    assert found == [
        Permission("sagemaker:CreatePipeline", arn, TAG_KEYS),
        PASS,
        Permission("sagemaker:AddTags", arn, tagging),
    ]
    assert needs(account, "UpdatePipeline", PipelineName="Daily", RoleArn=ROLE)[1:] == [PASS]
    assert needs(account, "UpdatePipeline", PipelineName="Daily")[1:] == []


@pytest.mark.parametrize("given", ["p", ARN + "pipeline/p"])
def test_a_name_and_an_arn_mean_the_same_resource(account: Account, given: str) -> None:
    assert needs(account, "DescribePipeline", PipelineName=given)[0].resource_arn == ARN + "pipeline/p"


def test_an_execution_is_its_own_resource(account: Account) -> None:
    arn = ARN + "pipeline/p/execution/abc"
    found = needs(account, "StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert found == [Permission("sagemaker:StopPipelineExecution", arn)]


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint"])
def test_whoever_has_an_endpoint_with_encrypted_volumes_made_lets_them_use_the_key(
    account: Account, operation: str
) -> None:
    account.model()
    account.config("c", KmsKeyId=KEY)
    *_, grant = needs(account, operation, EndpointName="e", EndpointConfigName="c")
    assert (grant.action, grant.resource_arn) == ("kms:CreateGrant", KEY)
    assert grant.context["kms:ViaService"] == "sagemaker.us-east-1.amazonaws.com"


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint"])
def test_an_endpoint_needs_its_configuration_too(account: Account, operation: str) -> None:
    found = needs(account, operation, EndpointName="e", EndpointConfigName="c")
    assert [p.resource_arn for p in found] == [ARN + "endpoint/e", ARN + "endpoint-config/c"]
    assert {p.action for p in found} == {f"sagemaker:{operation}"}


def test_a_configuration_names_models_instances_and_key(account: Account) -> None:
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    (only,) = needs(account, "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant], KmsKeyId=KEY)
    assert only.context == {
        "sagemaker:ModelArn": ARN + "model/m",
        "sagemaker:InstanceTypes": ["ml.m5.large"],
        "sagemaker:VolumeKmsKeyArn": KEY,
    }


def test_a_model_says_whether_it_is_isolated_and_where(account: Account) -> None:
    request = {"ModelName": "m", "PrimaryContainer": {"Image": "i"}, "ExecutionRoleArn": ROLE}
    first, *others = needs(account, "CreateModel", **request, VpcConfig=VPC, EnableNetworkIsolation=True)
    assert first.context == {
        "sagemaker:VpcSubnets": VPC["Subnets"],
        "sagemaker:VpcSecurityGroupIds": VPC["SecurityGroupIds"],
        "sagemaker:NetworkIsolation": "true",
    }
    assert others == [PASS]
    assert needs(account, "CreateModel", **request, EnableNetworkIsolation=False)[0].context == {
        "sagemaker:NetworkIsolation": "false"
    }
    # What the request does not say is absent, so that a Null condition can tell.
    assert needs(account, "CreateModel", **request)[0].context == {}


def test_a_training_job_has_all_its_guardrail_keys(account: Account) -> None:
    first, *others = job(
        account,
        "CreateTrainingJob",
        TrainingJobName="pipelines-abc-Train-1",
        RoleArn=ROLE,
        VpcConfig=VPC,
        EnableNetworkIsolation=True,
        EnableInterContainerTrafficEncryption=True,
        OutputDataConfig={"S3OutputPath": "s3://b", "KmsKeyId": KEY},
        ResourceConfig={"InstanceType": "ml.m5.large", "VolumeKmsKeyId": KEY},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    assert first == Permission(
        "sagemaker:CreateTrainingJob",
        ARN + "training-job/pipelines-abc-train-1",
        {
            "sagemaker:VpcSubnets": VPC["Subnets"],
            "sagemaker:VpcSecurityGroupIds": VPC["SecurityGroupIds"],
            "sagemaker:NetworkIsolation": "true",
            "sagemaker:InterContainerTrafficEncryption": "true",
            "sagemaker:OutputKmsKeyArn": KEY,
            "sagemaker:VolumeKmsKeyArn": KEY,
            "sagemaker:InstanceTypes": ["ml.m5.large"],
            "sagemaker:MaxRuntimeInSeconds": "60",
        },
    )
    tagging = {"sagemaker:TaggingAction": "CreateTrainingJob"}
    assert others == [PASS, Permission("sagemaker:AddTags", first.resource_arn, tagging)]


def test_a_processing_job_has_its_keys_below_other_members(account: Account) -> None:
    first, *_ = job(
        account,
        "CreateProcessingJob",
        ProcessingJobName="j",
        RoleArn=ROLE,
        NetworkConfig={"VpcConfig": VPC, "EnableNetworkIsolation": False},
        ProcessingOutputConfig={"Outputs": [], "KmsKeyId": "out"},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": "vol"}},
    )
    assert first.context == {
        "sagemaker:VpcSubnets": VPC["Subnets"],
        "sagemaker:VpcSecurityGroupIds": VPC["SecurityGroupIds"],
        "sagemaker:NetworkIsolation": "false",
        "sagemaker:OutputKmsKeyArn": "out",
        "sagemaker:VolumeKmsKeyArn": "vol",
        "sagemaker:InstanceTypes": ["ml.m5.large"],
    }


def test_tags_of_what_exists_are_condition_keys(account: Account) -> None:
    account.model(Tags=TAGS)
    (only,) = needs(account, "DeleteModel", ModelName="m")
    assert only.context == {"aws:ResourceTag/Team": "ml", "sagemaker:ResourceTag/Team": "ml"}
    arn = ARN + "model/m"
    (only,) = needs(account, "DeleteTags", ResourceArn=arn, TagKeys=["Team"])
    assert only.resource_arn == arn
    assert only.context["aws:TagKeys"] == ["Team"]
