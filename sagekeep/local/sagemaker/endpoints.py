"""Endpoints: Create, Describe, Update, Delete and List."""

from __future__ import annotations

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.hosting import add, find
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.serving import begin, end, prepare, view
from sagekeep.local.sagemaker.store import Handler, Record, State
from sagekeep.local.sagemaker.world import Caller

_LIST = Listing("ListEndpoints", "Endpoints", "EndpointName", order="Descending", also={"Status": "EndpointStatus"})


def _create(state: State, request: Params, _caller: Caller) -> Params:
    config = find(state, state.endpoint_configs, request["EndpointConfigName"])
    models = _models(state, config)
    record = add(state, state.endpoints, request["EndpointName"], request)
    begin(state, record, prepare(state, record, config, models), "Creating")
    return {"EndpointArn": record.arn}


def _models(state: State, config: Record) -> dict[str, Record]:
    names = [v["ModelName"] for v in config.data["ProductionVariants"] if "ModelName" in v]
    return {name: find(state, state.models, name) for name in names}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return view(state, find(state, state.endpoints, request["EndpointName"]))


def _at_rest(state: State, name: str) -> Record:
    record = find(state, state.endpoints, name)
    if record.status(state.now) in ("Creating", "Updating", "Deleting"):
        raise invalid(f'Cannot update in-progress endpoint "{record.arn}".')
    return record


def _update(state: State, request: Params, _caller: Caller) -> Params:
    record = _at_rest(state, request["EndpointName"])
    if record.status(state.now) == "Failed":
        raise invalid(f'Cannot update endpoint "{record.arn}" in status Failed: delete it and create it again.')
    config = find(state, state.endpoint_configs, request["EndpointConfigName"])
    if record.data["EndpointConfigName"] == config.data["EndpointConfigName"]:
        raise invalid(
            f'Cannot update endpoint "{record.arn}" with the endpoint configuration that it uses, "{config.arn}": '
            f"create a new one."
        )
    models = _models(state, config)
    if "DeploymentConfig" in request:
        record.data["LastDeploymentConfig"] = request["DeploymentConfig"]
    begin(state, record, prepare(state, record, config, models), "Updating")
    return {"EndpointArn": record.arn}


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    end(state, _at_rest(state, request["EndpointName"]))
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_LIST, request, [Row(record.serial, view(state, record)) for record in state.endpoints])


OPERATIONS: dict[str, Handler] = {
    "CreateEndpoint": _create,
    "DescribeEndpoint": _describe,
    "UpdateEndpoint": _update,
    "DeleteEndpoint": _delete,
    "ListEndpoints": _list,
}
