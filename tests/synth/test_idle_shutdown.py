"""What people may start in Studio ends by itself: every type of app that AWS knows, whatever it adds."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from people import SAGEMAKER, policies, session
from synths import Synth
from tests.local.fake_world import ROLE, Account
from verdicts import DOMAIN, may

APP_TYPES = botocore.session.get_session().get_service_model("sagemaker").shape_for("AppType").enum
MINUTES = 120


def user_settings(found: Synth) -> dict[str, Any]:
    domain: dict[str, Any] = found.stacks["studio"]["resource"]["aws_sagemaker_domain"]["studio_domain"]
    settings: dict[str, Any] = domain["default_user_settings"]
    return settings


def api(value: Any) -> Any:
    """Arguments of Terraform as members of the API."""
    if not isinstance(value, dict):
        return value
    return {"".join(word.title() for word in name.split("_")): api(inner) for name, inner in value.items()}


def app_settings(found: Synth) -> dict[str, Any]:
    """The idle shutdown of each type's settings, as CreateDomain has them; lifecycle scripts are left out."""
    kept = {
        name: {"app_lifecycle_management": body["app_lifecycle_management"]}
        for name, body in user_settings(found).items()
        if name.endswith("_app_settings")
    }
    settings: dict[str, Any] = api(kept)
    return settings


def may_start(found: Synth, purpose: str, app: str) -> bool:
    """Whether people may start an app of this type in their own private space, however AWS spells it in the ARN."""
    owner = f"{SAGEMAKER}:user-profile/{DOMAIN}/Jo"
    keys = {"sagemaker__OwnerUserProfileArn": owner, "sagemaker__SpaceSharingType": "Private"}
    if purpose == "studio":
        keys |= {"sagemaker__DomainId": DOMAIN, "sagemaker__UserProfileName": "Jo"}
    who, allowed = session(purpose, **keys), policies(found, purpose)
    answers = {
        may(allowed, who, "sagemaker:CreateApp", f"{SAGEMAKER}:app/{DOMAIN}/x/{spelling}/default")[0]
        for spelling in (app, app.lower())
    }
    assert len(answers) == 1, app
    return answers.pop()


@pytest.mark.parametrize("purpose", ["studio", "studio-Jo"])
def test_people_may_start_exactly_the_apps_that_have_an_idle_shutdown(people: Synth, purpose: str) -> None:
    assert len(APP_TYPES) >= 9
    started = {app for app in APP_TYPES if may_start(people, purpose, app)}
    assert (
        started == {name.removesuffix("AppSettings") for name in app_settings(people)} == {"JupyterLab", "CodeEditor"}
    )
    for name, settings in app_settings(people).items():
        idle = settings["AppLifecycleManagement"]["IdleSettings"]
        assert (idle["LifecycleManagement"], idle["IdleTimeoutInMinutes"]) == ("ENABLED", MINUTES), name


@pytest.mark.parametrize("app", ["JupyterLab", "CodeEditor"])
def test_an_app_that_is_left_alone_ends_after_the_minutes_of_the_settings(people: Synth, app: str) -> None:
    studio = Account()
    user = {"ExecutionRole": ROLE, "SecurityGroups": ["sg-1"], **app_settings(people)}
    domain = studio.domain(DefaultUserSettings=user)
    studio.profile(domain)
    space = {"DomainId": domain, "SpaceName": "mine"}
    private = {"OwnershipSettings": {"OwnerUserProfileName": "ada"}, "SpaceSharingSettings": {"SharingType": "Private"}}
    studio("CreateSpace", **space, **private, SpaceSettings={"AppType": app})
    studio.wait()
    studio("CreateApp", **space, AppType=app, AppName="default")
    studio.wait(MINUTES * 60 - 60)
    studio("ListApps")
    assert studio("DescribeApp", **space, AppType=app, AppName="default")["Status"] == "InService"
    studio.wait(60)
    studio("ListApps")
    studio.wait()
    assert studio("DescribeApp", **space, AppType=app, AppName="default")["Status"] == "Deleted"


def test_shared_spaces_shut_down_as_well(people: Synth) -> None:
    domain = people.stacks["studio"]["resource"]["aws_sagemaker_domain"]["studio_domain"]
    shared, own = domain["default_space_settings"], user_settings(people)
    name = "jupyter_lab_app_settings"
    assert shared[name]["app_lifecycle_management"] == own[name]["app_lifecycle_management"]
