"""Studio domains: what they leave in the VPC, what they refuse, what they remember."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from tests.local.fake_world import ACCOUNT, KEY, ROLE, STRANGER, Account


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.mark.parametrize("access", ["VpcOnly", "PublicInternetOnly"])
def test_a_domain_makes_two_nfs_groups_that_reference_each_other(account: Account, access: str) -> None:
    domain_id = account.domain(AppNetworkAccessType=access)
    inbound_id, inbound = account.world.named(f"security-group-for-inbound-nfs-{domain_id}")
    outbound_id, outbound = account.world.named(f"security-group-for-outbound-nfs-{domain_id}")
    assert inbound.ingress == [(2049, outbound_id)]
    assert outbound.egress == [(2049, inbound_id)]
    assert {inbound.vpc_id, outbound.vpc_id} == {"vpc-1"}


def test_a_domain_holds_a_mount_target_in_each_subnet(account: Account) -> None:
    domain_id = account.domain()
    inbound_id, _ = account.world.named(f"security-group-for-inbound-nfs-{domain_id}")
    interfaces = list(account.world.interfaces.values())
    assert [i.subnet_id for i in interfaces] == ["subnet-1", "subnet-2"]
    assert {i.groups for i in interfaces} == {(inbound_id,)}
    file_system = account("DescribeDomain", DomainId=domain_id)["HomeEfsFileSystemId"]
    assert all(file_system in i.description for i in interfaces)


def test_a_domain_without_home_efs_leaves_the_vpc_alone(account: Account) -> None:
    domain_id = account.domain(HomeEfsFileSystemCreation="Disabled")
    assert account.world.interfaces == {}
    assert set(account.world.groups) == {"sg-1", "sg-x"}
    assert "HomeEfsFileSystemId" not in account("DescribeDomain", DomainId=domain_id)


def test_retention_delete_frees_the_subnets_and_leaves_the_groups(account: Account) -> None:
    domain_id = account.domain()
    account("DeleteDomain", DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    assert account("DescribeDomain", DomainId=domain_id)["Status"] == "Deleting"
    assert len(account.world.interfaces) == 2
    account.wait()
    with pytest.raises(AwsError, match="does not exist") as refusal:
        account("DescribeDomain", DomainId=domain_id)
    assert refusal.value.code == "ResourceNotFound"
    assert account.world.interfaces == {}
    assert account.world.named(f"security-group-for-inbound-nfs-{domain_id}")
    assert account.world.named(f"security-group-for-outbound-nfs-{domain_id}")


@pytest.mark.parametrize("policy", [{}, {"RetentionPolicy": {"HomeEfsFileSystem": "Retain"}}])
def test_retained_efs_blocks_the_subnets_for_ever(account: Account, policy: dict[str, Any]) -> None:
    domain_id = account.domain()
    account("DeleteDomain", DomainId=domain_id, **policy)
    account.wait()
    assert account("ListDomains")["Domains"] == []
    assert len(account.world.interfaces) == 2


def test_settle_finishes_a_deletion_without_another_call(account: Account) -> None:
    domain_id = account.domain()
    account("DeleteDomain", DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    account.wait()
    account.sagemaker.settle()
    assert account.world.interfaces == {}


def test_a_domain_with_users_spaces_or_apps_is_not_deleted(account: Account) -> None:
    domain_id = account.domain()
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:domain/{domain_id}"
    makers = (("UserProfile", account.profile), ("Space", account.space), ("App", account.app))
    for kind, make in makers:
        make(domain_id)
        with pytest.raises(AwsError) as refusal:
            account("DeleteDomain", DomainId=domain_id)
        assert refusal.value.code == "ResourceInUse"
        assert refusal.value.message == f"Unable to delete Domain [{arn}] because {kind}(s) are associated with it."


def test_a_domain_is_pending_and_then_in_service(account: Account) -> None:
    domain_id = account.domain()
    account("UpdateDomain", DomainId=domain_id, TagPropagation="ENABLED")
    assert account("DescribeDomain", DomainId=domain_id)["Status"] == "Updating"
    account.wait()
    assert account("DescribeDomain", DomainId=domain_id)["Status"] == "InService"


def test_the_defaults_that_terraform_reads_are_there(account: Account) -> None:
    domain_id = account("CreateDomain", **_plain())["DomainId"]
    assert account("DescribeDomain", DomainId=domain_id)["Status"] == "Pending"
    account.wait()
    domain = account("DescribeDomain", DomainId=domain_id)
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert domain["TagPropagation"] == "DISABLED"
    assert domain["DefaultUserSettings"]["DefaultLandingUri"] == "studio::"
    assert domain["DefaultUserSettings"]["StudioWebPortal"] == "ENABLED"
    assert domain["Url"].startswith(f"https://{domain_id}.studio.us-east-1.")


def _plain() -> dict[str, Any]:
    return {
        "DomainName": "plain",
        "AuthMode": "IAM",
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-1"],
        "DefaultUserSettings": {"ExecutionRole": ROLE},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SubnetIds": ["subnet-9"]}, "subnet ID 'subnet-9' does not exist"),
        ({"SubnetIds": ["subnet-x"]}, "belong to VPC 'vpc-2'"),
        ({"SubnetIds": ["subnet-1", "subnet-x"]}, "must be in one VPC"),
        ({"VpcId": "vpc-2"}, "not to 'vpc-2'"),
        ({"DefaultUserSettings": {"ExecutionRole": ROLE}}, "SecurityGroups is required"),
        ({"DefaultUserSettings": {"SecurityGroups": ["sg-1"]}}, "ExecutionRole is required"),
        ({"DefaultUserSettings": {"ExecutionRole": ROLE, "SecurityGroups": ["sg-9"]}}, "'sg-9' does not exist"),
        ({"DefaultUserSettings": {"ExecutionRole": ROLE, "SecurityGroups": ["sg-x"]}}, "'sg-x' does not exist in"),
        ({"DefaultUserSettings": {"ExecutionRole": ROLE + "x", "SecurityGroups": ["sg-1"]}}, "Could not assume role"),
        ({"DefaultUserSettings": {"ExecutionRole": STRANGER, "SecurityGroups": ["sg-1"]}}, "'sagemaker.amazonaws.com'"),
        ({"DefaultSpaceSettings": {"ExecutionRole": STRANGER}}, "Could not assume role"),
        ({"DomainSettings": {"SecurityGroupIds": ["sg-x"]}}, "'sg-x' does not exist"),
        ({"KmsKeyId": "nonsense"}, "KMS key 'nonsense'"),
        ({"SubnetIds": []}, "SubnetIds"),
    ],
)
def test_a_domain_of_things_that_do_not_exist_is_refused(
    account: Account, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AwsError, match="(?s)" + message) as refusal:
        account.domain(**changes)
    assert refusal.value.code == "ValidationException"
    assert account.world.interfaces == {}
    assert account("ListDomains")["Domains"] == []


def test_a_lifecycle_configuration_must_exist_where_it_is_named(account: Account) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:studio-lifecycle-config/start"
    settings = {
        "ExecutionRole": ROLE,
        "SecurityGroups": ["sg-1"],
        "JupyterLabAppSettings": {"LifecycleConfigArns": [arn]},
    }
    with pytest.raises(AwsError, match="start"):
        account.domain(DefaultUserSettings=settings)
    script = {"StudioLifecycleConfigName": "start", "StudioLifecycleConfigContent": "ZWNobw=="}
    made = account("CreateStudioLifecycleConfig", **script, StudioLifecycleConfigAppType="JupyterLab")
    assert made == {"StudioLifecycleConfigArn": arn}
    domain_id = account.domain(DefaultUserSettings=settings)
    with pytest.raises(AwsError, match=domain_id) as refusal:
        account("DeleteStudioLifecycleConfig", StudioLifecycleConfigName="start")
    assert refusal.value.code == "ResourceInUse"


def test_names_of_domains_are_unique(account: Account) -> None:
    account.domain()
    with pytest.raises(AwsError) as refusal:
        account.domain()
    assert refusal.value.code == "ResourceInUse"


def test_the_quota_of_domains_holds(account: Account) -> None:
    account.sagemaker.state.limits["domain"] = 1
    account.domain()
    with pytest.raises(AwsError, match="'Total domains' is 1") as refusal:
        account.domain(DomainName="other")
    assert refusal.value.code == "ResourceLimitExceeded"


@pytest.mark.parametrize("changes", [{"AuthMode": "SSO"}, {"VpcId": None}])
def test_what_is_not_modelled_answers_501_and_what_is_missing_400(account: Account, changes: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as refusal:
        account.domain(**changes)
    assert refusal.value.status == (501 if "AuthMode" in changes else 400)


def test_an_update_keeps_what_it_does_not_name(account: Account) -> None:
    domain_id = account.domain(KmsKeyId=KEY, DomainSettings={"DockerSettings": {"EnableDockerAccess": "DISABLED"}})
    idle = {"AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}}}
    account(
        "UpdateDomain",
        DomainId=domain_id,
        DefaultUserSettings={"JupyterLabAppSettings": idle},
        DomainSettingsForUpdate={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"},
        SubnetIds=["subnet-1", "subnet-2", "subnet-3"],
    )
    domain = account("DescribeDomain", DomainId=domain_id)
    assert domain["DefaultUserSettings"]["ExecutionRole"] == ROLE
    assert domain["DefaultUserSettings"]["JupyterLabAppSettings"] == idle
    assert domain["DomainSettings"] == {
        "DockerSettings": {"EnableDockerAccess": "DISABLED"},
        "ExecutionRoleIdentityConfig": "USER_PROFILE_NAME",
    }
    assert domain["KmsKeyId"] == domain["HomeEfsFileSystemKmsKeyId"] == KEY
    assert sorted(i.subnet_id for i in account.world.interfaces.values()) == ["subnet-1", "subnet-2", "subnet-3"]


def test_an_answer_is_a_copy(account: Account) -> None:
    domain_id = account.domain()
    account("DescribeDomain", DomainId=domain_id)["DefaultUserSettings"].clear()
    assert account("DescribeDomain", DomainId=domain_id)["DefaultUserSettings"]["ExecutionRole"] == ROLE
