"""What serves an endpoint: starting the model servers of a configuration, and replacing the old by the new.

With a platform the old servers answer until every new one is in service; where one of them fails, the old
configuration stays, as after a rollback on AWS. Without a platform nothing runs and the clock decides.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from sagekeep.local.sagemaker.deployments import Deployment, Variant
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.events import emit
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.platform import FAILED, IN_SERVICE, Platform, Server
from sagekeep.local.sagemaker.store import DELAYS, Record, State, random_id

_EVENT = "SageMaker Endpoint State Change"
_NAMES = {"arn": "EndpointArn", "status": "EndpointStatus"}


def view(state: State, record: Record) -> Params:
    """What DescribeEndpoint answers."""
    return state.view(record, **_NAMES)


def prepare(state: State, record: Record, config: Record, models: dict[str, Record]) -> Deployment:
    """A configuration's deployment, its servers not started; instances of models in a VPC hold interfaces there."""
    deployment = Deployment(config.data["EndpointConfigName"], [])
    for variant in config.data["ProductionVariants"]:
        model = models.get(variant.get("ModelName", ""))
        deployment.variants.append(_summary(variant, model, state.now))
        about = (model or config).data
        if about.get("VpcConfig"):
            role, count = about.get("ExecutionRoleArn", ""), variant.get("InitialInstanceCount", 1)
            made = state.attach(record, about["VpcConfig"], role, count=count, what="Endpoint")
            deployment.interfaces += made
        if model:
            name = variant["VariantName"]
            server_id = _server_id(record.data["EndpointName"], name)
            startup = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", 0)
            deployment.servers[name] = Server(server_id, record.data["EndpointName"], name, model.data, startup)
    return deployment


def begin(state: State, record: Record, deployment: Deployment, transition: str) -> None:
    """Bring the deployment into service; the endpoint is in `transition` (Creating, Updating) until then."""
    record.failure = ""
    if state.platform is None:
        _adopt(state, record, deployment)
        record.touch(state.now, transition, DELAYS["endpoint"])
        return
    record.fleet.pending = deployment
    for server in deployment.servers.values():
        state.platform.start_server(server)
    record.touch(state.now, transition, math.inf)
    _tell(state, record)


def end(state: State, record: Record) -> None:
    """Stop all servers of an endpoint and delete it."""
    for deployment in (record.fleet.current, record.fleet.pending):
        if deployment and state.platform:
            _stop(state.platform, deployment)
    record.delete(state.now, DELAYS["endpoint"])
    if state.platform:
        _tell(state, record)


def settle(state: State) -> None:
    """See how the servers go: replace old ones by new ones, start again one that has died."""
    for record in state.endpoints:
        if state.platform and record.gone_at is None:
            if record.fleet.pending:
                _follow(state, state.platform, record, record.fleet.pending)
            if record.fleet.current:
                _revive(state.platform, record, record.fleet.current)


def variant(state: State, name: str, target: str | None) -> Variant:
    """The variant that answers an invocation: the target, or one drawn by weight; ValidationError without one."""
    record = state.endpoints.get(name)
    current = record.fleet.current if record and record.gone_at is None else None
    if current is None or not current.servers:
        raise AwsError("ValidationError", f"Endpoint {name} of account {state.world.account_id} not found.")
    if target is not None and target not in current.servers:
        raise AwsError("ValidationError", f"Variant {target} of endpoint {name} not found.")
    return current.choose() if target is None else current.variant(target)


def _follow(state: State, platform: Platform, record: Record, pending: Deployment) -> None:
    servers = [platform.server(server.id) for server in pending.servers.values()]
    failed = next((server for server in servers if server.phase == FAILED), None)
    if failed is None and any(server.phase != IN_SERVICE for server in servers):
        return
    record.fleet.pending = None
    if failed is None:
        _adopt(state, record, pending)
    else:
        record.failure = failed.failure
        record.steady = "InService" if record.fleet.current else "Failed"
        _stop(platform, pending)
        state.detach(record, pending.interfaces)
    record.touch(state.now, record.transition, 0.0)
    _tell(state, record)


def _adopt(state: State, record: Record, deployment: Deployment) -> None:
    old, record.fleet.current = record.fleet.current, deployment
    record.data["EndpointConfigName"] = deployment.config
    record.data["ProductionVariants"] = deployment.variants
    if old:
        if state.platform:
            _stop(state.platform, old)
        state.detach(record, old.interfaces)


def _revive(platform: Platform, record: Record, current: Deployment) -> None:
    """On AWS the container starts again; here that is tried once."""
    for name, server in current.servers.items():
        state = platform.server(server.id)
        if state.phase == FAILED and name not in current.restarted:
            current.restarted.add(name)
            record.failure = state.failure
            platform.stop_server(server.id)
            current.servers[name] = replace(server, id=_server_id(server.endpoint, name))
            platform.start_server(current.servers[name])


def _stop(platform: Platform, deployment: Deployment) -> None:
    for server in deployment.servers.values():
        platform.stop_server(server.id)


def _server_id(endpoint: str, variant_name: str) -> str:
    return f"{endpoint}-{variant_name}-{random_id(12)}"


def _tell(state: State, record: Record) -> None:
    data = view(state, record)
    # Events write IN_SERVICE for the API's InService.
    status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", data["EndpointStatus"]).upper()
    emit(state, _EVENT, "DescribeEndpoint", record.arn, {**data, "EndpointStatus": status})


def _summary(variant_config: Params, model: Record | None, now: float) -> Params:
    weight = variant_config.get("InitialVariantWeight", 1.0)
    name = variant_config["VariantName"]
    summary: Params = {"VariantName": name, "CurrentWeight": weight, "DesiredWeight": weight}
    if "ServerlessConfig" in variant_config:
        summary["CurrentServerlessConfig"] = variant_config["ServerlessConfig"]
    else:
        count = variant_config.get("InitialInstanceCount", 1)
        summary |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    if model:
        containers = model.data.get("Containers") or [model.data["PrimaryContainer"]]
        summary["DeployedImages"] = [
            {"SpecifiedImage": c["Image"], "ResolvedImage": c["Image"], "ResolutionTime": now}
            for c in containers
            if "Image" in c
        ]
    return summary
