"""Opens a Studio application as a data scientist does: a private space, then JupyterLab in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sagekeep import aws
from sagekeep.errors import OperationError

SPACE = "demo"
WAIT_SECONDS = 120
_BAD = ("Failed", "Delete_Failed", "Deleted")


def open_app(environ: Mapping[str, str], region: str) -> str:
    """Makes a space and an app for the first user of the first domain; returns a line about it.

    Raises:
        OperationError: there is no domain, or one of them does not come into service.
    """
    sagemaker = aws.client("sagemaker", region, environ)
    domains = sagemaker.list_domains()["Domains"]
    if not domains:
        raise OperationError("there is no Studio domain")
    domain = domains[0]["DomainId"]
    user = sagemaker.list_user_profiles(DomainIdEquals=domain)["UserProfiles"][0]["UserProfileName"]
    sagemaker.create_space(
        DomainId=domain,
        SpaceName=SPACE,
        OwnershipSettings={"OwnerUserProfileName": user},
        SpaceSharingSettings={"SharingType": "Private"},
        SpaceSettings={"AppType": "JupyterLab"},
    )
    _await("space", lambda: sagemaker.describe_space(DomainId=domain, SpaceName=SPACE))
    app = {"DomainId": domain, "SpaceName": SPACE, "AppType": "JupyterLab", "AppName": "default"}
    sagemaker.create_app(**app, ResourceSpec={"InstanceType": "ml.t3.medium"})
    _await("app", lambda: sagemaker.describe_app(**app))
    return f"JupyterLab of {user} is in service in {domain}"


def _await(what: str, describe: Callable[[], dict[str, Any]]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = describe()
        if found["Status"] == "InService":
            return
        if found["Status"] in _BAD:
            raise OperationError(f"the Studio {what} failed: {found.get('FailureReason', found['Status'])}")
        time.sleep(0.5)
    raise OperationError(f"the Studio {what} was not in service after {WAIT_SECONDS} s")
