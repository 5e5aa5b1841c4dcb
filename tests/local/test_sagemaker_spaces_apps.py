"""User profiles, spaces and apps: their states, and who blocks whom."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from tests.local.fake_world import ACCOUNT, ROLE, STRANGER, Account


class Studio(Account):
    """A domain with the profile ada and her space lab."""

    def __init__(self) -> None:
        super().__init__()
        self.domain_id = self.domain()
        self.profile(self.domain_id)
        self.space(self.domain_id)


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_an_app_goes_through_its_states_and_stays_listed_as_deleted(studio: Studio) -> None:
    app = studio.app(studio.domain_id)
    assert studio("DescribeApp", **app)["Status"] == "Pending"
    studio.wait(1.1)
    assert studio("DescribeApp", **app)["Status"] == "InService"
    studio("DeleteApp", **app)
    assert studio("DescribeApp", **app)["Status"] == "Deleting"
    studio.wait(1.1)
    assert studio("DescribeApp", **app)["Status"] == "Deleted"
    assert [a["Status"] for a in studio("ListApps", DomainIdEquals=studio.domain_id)["Apps"]] == ["Deleted"]
    studio.wait(24 * 3600)
    assert studio("ListApps")["Apps"] == []


def test_a_deleted_app_can_be_made_again_and_deleted_only_once(studio: Studio) -> None:
    app = studio.app(studio.domain_id)
    studio("DeleteApp", **app)
    studio.wait()
    with pytest.raises(AwsError) as refusal:
        studio("DeleteApp", **app)
    assert refusal.value.code == "ResourceNotFound"
    studio.app(studio.domain_id)
    assert [a["Status"] for a in studio("ListApps")["Apps"]] == ["Pending"]


def test_a_vpc_only_app_holds_an_interface_until_it_is_deleted(studio: Studio) -> None:
    before = set(studio.world.interfaces)
    app = studio.app(studio.domain_id)
    (added,) = set(studio.world.interfaces) - before
    assert studio.world.interfaces[added].groups == ("sg-1",)
    studio("DeleteApp", **app)
    assert added in studio.world.interfaces
    studio.wait()
    studio("ListApps")
    assert set(studio.world.interfaces) == before


def test_a_user_profile_that_owns_a_space_or_app_is_not_deleted(studio: Studio) -> None:
    key = {"DomainId": studio.domain_id, "UserProfileName": "ada"}
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:user-profile/{studio.domain_id}/ada"
    with pytest.raises(AwsError) as refusal:
        studio("DeleteUserProfile", **key)
    assert refusal.value.code == "ResourceInUse"
    assert refusal.value.message == f"Unable to delete UserProfile [{arn}] because Space(s) are associated with it."
    studio("DeleteSpace", DomainId=studio.domain_id, SpaceName="lab")
    studio.wait()
    studio("CreateApp", **key, AppType="JupyterServer", AppName="default")
    with pytest.raises(AwsError, match=r"because App\(s\) are associated"):
        studio("DeleteUserProfile", **key)
    studio("DeleteApp", **key, AppType="JupyterServer", AppName="default")
    studio.wait()
    studio("DeleteUserProfile", **key)
    studio.wait()
    assert studio("ListUserProfiles")["UserProfiles"] == []
    studio("DeleteDomain", DomainId=studio.domain_id)


def test_a_space_with_an_app_is_neither_changed_nor_deleted(studio: Studio) -> None:
    studio.app(studio.domain_id)
    key = {"DomainId": studio.domain_id, "SpaceName": "lab"}
    with pytest.raises(AwsError, match=r"delete Space .* because App\(s\)"):
        studio("DeleteSpace", **key)
    with pytest.raises(AwsError, match=r"update Space .* because App\(s\)"):
        studio("UpdateSpace", **key, SpaceSettings={"AppType": "JupyterLab"})
    studio("UpdateSpace", **key, SpaceDisplayName="Lab one")
    assert studio("DescribeSpace", **key)["SpaceDisplayName"] == "Lab one"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SpaceName": "nowhere"}, "does not exist"),
        ({"DomainId": "d-123456789012"}, "does not exist"),
        ({"AppName": "mine"}, "must be 'default'"),
        ({"AppType": "CodeEditor"}, "is for AppType JupyterLab"),
        ({"SpaceName": None}, "Exactly one of"),
        ({"SpaceName": None, "UserProfileName": "ada"}, "in a space only"),
        ({"UserProfileName": "ada"}, "Exactly one of"),
        ({"ResourceSpec": {"InstanceType": "system"}}, "'system' is not supported"),
        ({"ResourceSpec": {"InstanceType": "ml.tiny"}}, "enum value set"),
        ({"ResourceSpec": {"LifecycleConfigArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:studio-lifecycle-config/x"}},
         "does not exist"),
    ],
)  # fmt: skip
def test_an_app_that_cannot_run_is_refused(studio: Studio, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        studio.app(studio.domain_id, **changes)
    assert studio("ListApps")["Apps"] == []


def test_an_app_needs_the_execution_role_at_the_time_it_starts(studio: Studio) -> None:
    del studio.world.roles[ROLE]
    with pytest.raises(AwsError, match="Could not assume role"):
        studio.app(studio.domain_id)


def test_a_space_runs_one_app(studio: Studio) -> None:
    studio.app(studio.domain_id)
    with pytest.raises(AwsError) as refusal:
        studio.app(studio.domain_id)
    assert refusal.value.code == "ResourceInUse"


def test_an_app_takes_its_instance_from_request_space_or_user(studio: Studio) -> None:
    app = studio.app(studio.domain_id)
    assert studio("DescribeApp", **app)["ResourceSpec"]["InstanceType"] == "ml.t3.medium"
    studio("DeleteApp", **app)
    studio.wait()
    settings = {"JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.large"}}}
    studio("UpdateSpace", DomainId=studio.domain_id, SpaceName="lab", SpaceSettings=settings)
    studio.wait()
    studio.app(studio.domain_id)
    assert studio("DescribeApp", **app)["ResourceSpec"]["InstanceType"] == "ml.t3.large"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SpaceSharingSettings": None}, "must be given together"),
        ({"OwnershipSettings": {"OwnerUserProfileName": "nobody"}}, "UserProfile .* does not exist"),
        ({"SpaceSettings": None}, "AppType is required"),
        ({"SpaceName": "lab"}, "already exists"),
        ({"SpaceName": "under_score"}, "regular expression"),
    ],
)
def test_a_space_that_breaks_a_rule_is_refused(studio: Studio, changes: dict[str, Any], message: str) -> None:
    request: dict[str, Any] = {
        "DomainId": studio.domain_id,
        "SpaceName": "second",
        "OwnershipSettings": {"OwnerUserProfileName": "ada"},
        "SpaceSharingSettings": {"SharingType": "Private"},
        "SpaceSettings": {"AppType": "JupyterLab"},
    }
    with pytest.raises(AwsError, match=message):
        studio("CreateSpace", **request | changes)


def test_names_of_user_profiles_are_unique_in_a_domain(studio: Studio) -> None:
    with pytest.raises(AwsError) as refusal:
        studio.profile(studio.domain_id)
    assert refusal.value.code == "ResourceInUse"


def test_a_user_profile_with_a_role_that_sagemaker_cannot_assume_is_refused(studio: Studio) -> None:
    with pytest.raises(AwsError, match="Could not assume role"):
        studio(
            "CreateUserProfile",
            DomainId=studio.domain_id,
            UserProfileName="bob",
            UserSettings={"ExecutionRole": STRANGER},
        )


def test_a_presigned_url_needs_domain_profile_and_space(studio: Studio) -> None:
    key = {"DomainId": studio.domain_id, "UserProfileName": "ada"}
    assert studio("CreatePresignedDomainUrl", **key)["AuthorizedUrl"].startswith(f"https://{studio.domain_id}.")
    for wrong in ({"UserProfileName": "nobody"}, {"SpaceName": "nowhere"}, {"DomainId": "d-123456789012"}):
        with pytest.raises(AwsError) as refusal:
            studio("CreatePresignedDomainUrl", **key | wrong)
        assert refusal.value.code == "ResourceNotFound"


IDLE = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 60}
LIMITS = {"MinIdleTimeoutInMinutes": 60, "MaxIdleTimeoutInMinutes": 480}


def test_an_app_without_idle_settings_runs_on_beside_one_that_is_shut_down(studio: Studio) -> None:
    jupyter = {"AppLifecycleManagement": {"IdleSettings": IDLE}}
    studio("UpdateDomain", DomainId=studio.domain_id, DefaultUserSettings={"JupyterLabAppSettings": jupyter})
    studio.wait()
    owner = {"OwnershipSettings": {"OwnerUserProfileName": "ada"}, "SpaceSharingSettings": {"SharingType": "Private"}}
    editor = {"DomainId": studio.domain_id, "SpaceName": "editor"}
    studio("CreateSpace", **editor, **owner, SpaceSettings={"AppType": "CodeEditor"})
    studio.wait()
    notebook = studio.app(studio.domain_id)
    studio("CreateApp", **editor, AppType="CodeEditor", AppName="default")
    studio.wait(24 * 3600)
    assert studio("DescribeApp", **notebook)["Status"] == "Deleting"
    assert studio("DescribeApp", **editor, AppType="CodeEditor", AppName="default")["Status"] == "InService"


@pytest.mark.parametrize(("minutes", "taken"), [(59, False), (60, True), (480, True), (481, False)])
def test_a_space_may_ask_for_another_idle_time_within_the_limits(studio: Studio, minutes: int, taken: bool) -> None:
    jupyter = {"AppLifecycleManagement": {"IdleSettings": {**IDLE, **LIMITS}}}
    studio("UpdateDomain", DomainId=studio.domain_id, DefaultUserSettings={"JupyterLabAppSettings": jupyter})
    studio.wait()
    own = {"JupyterLabAppSettings": {"AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": minutes}}}}
    change = {"DomainId": studio.domain_id, "SpaceName": "lab", "SpaceSettings": own}
    if not taken:
        with pytest.raises(AwsError, match="IdleTimeoutInMinutes"):
            studio("UpdateSpace", **change)
        return
    studio("UpdateSpace", **change)
    studio.wait()
    app = studio.app(studio.domain_id)
    studio.wait(minutes * 60 - 60)
    assert studio("DescribeApp", **app)["Status"] == "InService"
    studio.wait(60)
    assert studio("DescribeApp", **app)["Status"] == "Deleting"
