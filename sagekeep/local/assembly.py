"""Puts the parts of one embedded AWS together. Imported after the environment that ministack reads is set."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ministack.app as ministack
from ministack.services import eventbridge

import sagekeep
from sagekeep.local import account, calls, condition_keys, guards, inquiry, patches, resources, sessions
from sagekeep.local.authorization import Authorizer
from sagekeep.local.certificates import Authority
from sagekeep.local.checks import EXTRA_CHECKS
from sagekeep.local.children import Children
from sagekeep.local.faults import Faults
from sagekeep.local.gateway import Gateway
from sagekeep.local.jobs import images
from sagekeep.local.jobs.cloudwatch import CloudWatch
from sagekeep.local.jobs.outside import Limits, Outside
from sagekeep.local.jobs.platform import LocalPlatform
from sagekeep.local.network import place_of
from sagekeep.local.patches import lambda_functions
from sagekeep.local.place import Place, proxy_url
from sagekeep.local.proxy import Proxy
from sagekeep.local.runtime_api import RuntimeApi
from sagekeep.local.sagemaker import SageMaker
from sagekeep.local.sagemaker_api import SageMakerApi
from sagekeep.local.world import LocalWorld

log = logging.getLogger("sagekeep.assembly")
_TICK_SECONDS = 0.1


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
        role, name = body.get("role") or admin, body.get("name", "sagekeep")
        return sessions.open_session(role, name, keys=body.get("keys"), rehearse=body.get("rehearse", False))

    def entrance(body: dict[str, Any]) -> dict[str, Any]:
        place = Place(body["vpc_id"], tuple(body["subnet_ids"]), tuple(body["group_ids"]))
        return {"proxy": proxy_url(port, place, secret)}

    def shut_down(_: dict[str, Any]) -> dict[str, Any]:
        stop()
        return {}

    def proxy_of(subnet_ids: Sequence[str], group_ids: Sequence[str]) -> str:
        return proxy_url(port, place_of(subnet_ids, group_ids), secret)

    faults, logs = Faults(), CloudWatch(asyncio.get_running_loop())
    platform = LocalPlatform(
        home / "tmp" / "jobs",
        Outside(region, bundle, sessions.open_session, proxy_of, logs.write),
        images.standard(Path(sagekeep.__file__).parents[1]),
        Limits(hidden=(home,)),
    )
    sagemaker = SageMaker(LocalWorld(account_id, region, faults.take), platform=platform)

    def linger(body: dict[str, Any]) -> dict[str, Any]:
        lambda_functions.linger(body["functions"])
        sagemaker.state.interfaces.linger = body["sagemaker"]
        return {}

    verbs = {
        "session": session,
        "linger": linger,
        "entrance": entrance,
        "stop": shut_down,
        "may": inquiry.may,
        "calls": lambda _: {"calls": calls.report()},
        "questions": lambda _: {"questions": calls.questions()},
    }
    api, runtime = SageMakerApi(sagemaker), RuntimeApi(sagemaker, platform.invoke)
    gateway = Gateway(account_id, region, secret, api, runtime, faults, verbs)
    server = await Proxy(authority, secret, gateway.application, gateway.route).listen()
    port = server.sockets[0].getsockname()[1]
    Children(port, secret, str(bundle), str(home / "aws-config")).install()
    # What ministack's own start-up does that is needed here; the rest of it is Docker, SFTP and MQTT.
    ministack._HEALTH_PATHS = ()  # an object of a bucket may be called "health"
    ministack._MAIN_LOOP = asyncio.get_running_loop()
    eventbridge.start_scheduler()
    _keep_going(sagemaker)
    return {"port": port, "account_id": account_id, "region": region, "secret": secret, "admin": admin}


def _keep_going(sagemaker: SageMaker) -> None:
    """Move executions, jobs and endpoints on, whether or not anybody asks."""

    def settle() -> None:
        try:
            sagemaker.settle()
        except Exception:  # one thing that went wrong must not stop all others
            log.exception("moving SageMaker's executions on")
        loop.call_later(_TICK_SECONDS, settle)

    loop = asyncio.get_running_loop()
    loop.call_later(_TICK_SECONDS, settle)
