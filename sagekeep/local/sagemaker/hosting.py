"""Models and endpoint configurations.

Missing things are a ValidationException "Could not find ...": these operations model no ResourceNotFound. AWS lets
one delete a configuration or model that an endpoint uses; the endpoint goes on with what it was made from.
"""

from __future__ import annotations

from sagekeep.local.sagemaker.checks import check_key, check_model_data, check_role, check_volume_key, check_vpc_config
from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Handler, Record, State, Table
from sagekeep.local.sagemaker.world import Caller

_MODELS = Listing("ListModels", "Models", "ModelName", order="Descending")
_CONFIGS = Listing("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName", order="Descending")
_MODEL_NAMES = {"arn": "ModelArn"}
_CONFIG_NAMES = {"arn": "EndpointConfigArn"}
_WORDS = {"model": "model", "endpoint-config": "endpoint configuration", "endpoint": "endpoint"}


def find(state: State, table: Table, name: str) -> Record:
    """The model, configuration or endpoint; ValidationException."""
    found = table.get(name)
    if found is None:
        raise invalid(f'Could not find {_WORDS[table.kind]} "{state.arn(table.kind, name)}".')
    return found


def add(state: State, table: Table, name: str, request: Params) -> Record:
    """Store a new model, configuration or endpoint; ValidationException where the name is taken."""
    if table.get(name):
        raise invalid(f'Cannot create already existing {_WORDS[table.kind]} "{state.arn(table.kind, name)}".')
    return state.add(table, (name,), request)


def _create_model(state: State, request: Params, _caller: Caller) -> Params:
    if ("PrimaryContainer" in request) == ("Containers" in request):
        raise invalid("Exactly one of PrimaryContainer and Containers is required.")
    for container in request.get("Containers") or [request["PrimaryContainer"]]:
        if not {"Image", "ModelPackageName", "InferenceSpecificationName"} & set(container):
            raise invalid("A container requires an Image or a ModelPackageName.")
    if not request.get("ExecutionRoleArn"):
        raise invalid("ExecutionRoleArn is required for a model that is deployed with instances.")
    check_role(state.world, request["ExecutionRoleArn"])
    check_vpc_config(state.world, request.get("VpcConfig"))
    if state.platform:
        check_model_data(state.world, request)
    record = add(state, state.models, request["ModelName"], {"EnableNetworkIsolation": False, **request})
    return {"ModelArn": record.arn}


def _describe_model(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(find(state, state.models, request["ModelName"]), **_MODEL_NAMES)


def _delete_model(state: State, request: Params, _caller: Caller) -> Params:
    state.remove(state.models, find(state, state.models, request["ModelName"]))
    return {}


def _list_models(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_MODELS, request, [Row(r.serial, state.view(r, **_MODEL_NAMES)) for r in state.models])


def _create_config(state: State, request: Params, _caller: Caller) -> Params:
    variants = [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        raise invalid(f"Variant names must be unique in an endpoint configuration, got {', '.join(names)}.")
    for variant in variants:
        _check_variant(state, request, variant)
    check_volume_key([v["InstanceType"] for v in variants if "InstanceType" in v], request.get("KmsKeyId"))
    if request.get("KmsKeyId"):
        check_key(state.world, request["KmsKeyId"])
    if request.get("ExecutionRoleArn"):
        check_role(state.world, request["ExecutionRoleArn"])
    check_vpc_config(state.world, request.get("VpcConfig"))
    record = add(state, state.endpoint_configs, request["EndpointConfigName"], request)
    record.data["ProductionVariants"] = [{"InitialVariantWeight": 1.0, **v} for v in request["ProductionVariants"]]
    return {"EndpointConfigArn": record.arn}


def _check_variant(state: State, request: Params, variant: Params) -> None:
    name = variant["VariantName"]
    if "ServerlessConfig" not in variant and not {"InstanceType", "InstancePools"} & set(variant):
        raise invalid(f"Variant '{name}' requires InstanceType or ServerlessConfig.")
    if "ModelName" in variant:
        find(state, state.models, variant["ModelName"])
        if "InstanceType" in variant and "InitialInstanceCount" not in variant:
            raise invalid(f"Variant '{name}' requires InitialInstanceCount with InstanceType.")
    elif not request.get("ExecutionRoleArn"):
        raise invalid(f"Variant '{name}' has no ModelName; then ExecutionRoleArn of the configuration is required.")


def _describe_config(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(find(state, state.endpoint_configs, request["EndpointConfigName"]), **_CONFIG_NAMES)


def _delete_config(state: State, request: Params, _caller: Caller) -> Params:
    state.remove(state.endpoint_configs, find(state, state.endpoint_configs, request["EndpointConfigName"]))
    return {}


def _list_configs(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_CONFIGS, request, [Row(r.serial, state.view(r, **_CONFIG_NAMES)) for r in state.endpoint_configs])


OPERATIONS: dict[str, Handler] = {
    "CreateModel": _create_model,
    "DescribeModel": _describe_model,
    "DeleteModel": _delete_model,
    "ListModels": _list_models,
    "CreateEndpointConfig": _create_config,
    "DescribeEndpointConfig": _describe_config,
    "DeleteEndpointConfig": _delete_config,
    "ListEndpointConfigs": _list_configs,
}
