"""Puts the parts of one embedded AWS together. Imported after the environment that ministack reads is set."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ministack.app as ministack
from ministack.services import eventbridge

from sagekeep.local import account, condition_keys, guards, patches, resources
from sagekeep.local.authorization import Authorizer
from sagekeep.local.certificates import Authority
from sagekeep.local.checks import EXTRA_CHECKS
from sagekeep.local.children import Children
from sagekeep.local.gateway import Gateway
from sagekeep.local.place import Place, proxy_url
from sagekeep.local.proxy import Proxy
from sagekeep.local.sagemaker import SageMaker
from sagekeep.local.sagemaker_api import SageMakerApi
from sagekeep.local.world import LocalWorld


async def start(
    home: Path, account_id: str, region: str, deploy_role: str | None, stop: Callable[[], None]
) -> dict[str, Any]:
    """Listen; what a client needs to know of the instance."""
    patches.apply()
    resources.install()
    condition_keys.install()
    guards.install()
    Authorizer(EXTRA_CHECKS).install()
    admin = account.prepare(account_id, deploy_role)
    authority, secret = Authority(), secrets.token_urlsafe(32)
    bundle = home / "ca.pem"
    bundle.write_text(authority.bundle())
    port = 0

    def session(body: dict[str, Any]) -> dict[str, Any]:
        return account.open_session(body.get("role") or admin, body.get("name", "sagekeep"))

    def entrance(body: dict[str, Any]) -> dict[str, Any]:
        place = Place(body["vpc_id"], tuple(body["subnet_ids"]), tuple(body["group_ids"]))
        return {"proxy": proxy_url(port, place, secret)}

    def shut_down(_: dict[str, Any]) -> dict[str, Any]:
        stop()
        return {}

    world = LocalWorld(account_id, region)
    verbs = {"session": session, "entrance": entrance, "stop": shut_down}
    gateway = Gateway(account_id, region, secret, SageMakerApi(SageMaker(world)), verbs)
    server = await Proxy(authority, secret, gateway.application, gateway.route).listen()
    port = server.sockets[0].getsockname()[1]
    Children(port, secret, str(bundle), str(home / "aws-config")).install()
    # What ministack's own start-up does that is needed here; the rest of it is Docker, SFTP and MQTT.
    ministack._HEALTH_PATHS = ()  # an object of a bucket may be called "health"
    ministack._MAIN_LOOP = asyncio.get_running_loop()
    eventbridge.start_scheduler()
    return {"port": port, "account_id": account_id, "region": region, "secret": secret, "admin": admin}
