"""Idle apps are shut down where settings say so, as in Studio: those of JupyterLab and of Code Editor only.

SageMaker developer guide, "Idle shutdown", and botocore's model: no other kind of app has `AppLifecycleManagement`.
Nobody works in apps here, so an app has been idle since it was made. A space may ask for another time within the
limits of its user's settings.
"""

from __future__ import annotations

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import DELAYS, Record, State

SETTINGS = {"JupyterLab": "JupyterLabAppSettings", "CodeEditor": "CodeEditorAppSettings"}


def user_settings(state: State, app: Params) -> Params:
    """The settings that hold in an app: the owner's over the domain's, or in a shared space, those of its spaces."""
    home = state.domains.get(app["DomainId"])
    owner = app.get("UserProfileName") or _owner_of_space(state, app)
    if home is None:
        return {}
    if not owner:
        return dict(home.data.get("DefaultSpaceSettings", {}))
    profile = state.profiles.get(app["DomainId"], owner)
    own = profile.data.get("UserSettings", {}) if profile else {}
    return {**home.data["DefaultUserSettings"], **own}


def check_idle_time(settings: Params, space: Params) -> None:
    """A space's own time lies within its user's limits; ValidationException."""
    for member in SETTINGS.values():
        asked, limits = _idle(space.get(member, {})), _idle(settings.get(member, {}))
        minutes = asked.get("IdleTimeoutInMinutes")
        least, most = (limits.get(f"{end}IdleTimeoutInMinutes") for end in ("Min", "Max"))
        if minutes is None or least is None or most is None:
            continue
        if not least <= minutes <= most:
            raise invalid(f"IdleTimeoutInMinutes must be between {least} and {most} minutes.")


def settle(state: State) -> None:
    """Shut down the apps that have been idle for as long as their settings allow."""
    for app in state.apps:
        minutes = _minutes(state, app)
        if minutes and app.gone_at is None and state.now >= app.created + 60 * minutes:
            app.delete(state.now, DELAYS["app"])


def _minutes(state: State, app: Record) -> int:
    """Minutes after which the app is shut down; 0: never."""
    member = SETTINGS.get(app.data["AppType"])
    if member is None:
        return 0
    idle = _idle(user_settings(state, app.data).get(member, {}))
    if idle.get("LifecycleManagement") != "ENABLED":
        return 0
    space = state.spaces.get(app.data["DomainId"], app.data.get("SpaceName", ""))
    own = _idle((space.data.get("SpaceSettings") or {}).get(member, {})) if space else {}
    return int(own.get("IdleTimeoutInMinutes") or idle.get("IdleTimeoutInMinutes") or 0)


def _owner_of_space(state: State, app: Params) -> str:
    space = state.spaces.get(app["DomainId"], app.get("SpaceName", ""))
    return str((space.data.get("OwnershipSettings") or {}).get("OwnerUserProfileName", "")) if space else ""


def _idle(settings: Params) -> Params:
    return dict((settings.get("AppLifecycleManagement") or {}).get("IdleSettings") or {})
