"""Models, endpoint configurations and endpoints.

Missing things are a ValidationException "Could not find ...": these operations model no ResourceNotFound. AWS lets
one delete a configuration or model that an endpoint uses; the endpoint goes on with what it was made from.
"""

from __future__ import annotations

from sagekeep.local.sagemaker.checks import check_key, check_role, check_volume_key, check_vpc_config
from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import DELAYS, Handler, Record, State, Table
from sagekeep.local.sagemaker.world import Caller

_MODELS = Listing("ListModels", "Models", "ModelName", order="Descending")
_CONFIGS = Listing("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName", order="Descending")
_ENDPOINTS = Listing(
    "ListEndpoints", "Endpoints", "EndpointName", order="Descending", also={"Status": "EndpointStatus"}
)
_MODEL_NAMES = {"arn": "ModelArn"}
_CONFIG_NAMES = {"arn": "EndpointConfigArn"}
_ENDPOINT_NAMES = {"arn": "EndpointArn", "status": "EndpointStatus"}
_WORDS = {"model": "model", "endpoint-config": "endpoint configuration", "endpoint": "endpoint"}


def _find(state: State, table: Table, name: str) -> Record:
    found = table.get(name)
    if found is None:
        raise invalid(f'Could not find {_WORDS[table.kind]} "{state.arn(table.kind, name)}".')
    return found


def _add(state: State, table: Table, name: str, request: Params) -> Record:
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
    record = _add(state, state.models, request["ModelName"], {"EnableNetworkIsolation": False, **request})
    return {"ModelArn": record.arn}


def _describe_model(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_find(state, state.models, request["ModelName"]), **_MODEL_NAMES)


def _delete_model(state: State, request: Params, _caller: Caller) -> Params:
    state.remove(state.models, _find(state, state.models, request["ModelName"]))
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
    record = _add(state, state.endpoint_configs, request["EndpointConfigName"], request)
    record.data["ProductionVariants"] = [{"InitialVariantWeight": 1.0, **v} for v in request["ProductionVariants"]]
    return {"EndpointConfigArn": record.arn}


def _check_variant(state: State, request: Params, variant: Params) -> None:
    name = variant["VariantName"]
    if "ServerlessConfig" not in variant and not {"InstanceType", "InstancePools"} & set(variant):
        raise invalid(f"Variant '{name}' requires InstanceType or ServerlessConfig.")
    if "ModelName" in variant:
        _find(state, state.models, variant["ModelName"])
        if "InstanceType" in variant and "InitialInstanceCount" not in variant:
            raise invalid(f"Variant '{name}' requires InitialInstanceCount with InstanceType.")
    elif not request.get("ExecutionRoleArn"):
        raise invalid(f"Variant '{name}' has no ModelName; then ExecutionRoleArn of the configuration is required.")


def _describe_config(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_find(state, state.endpoint_configs, request["EndpointConfigName"]), **_CONFIG_NAMES)


def _delete_config(state: State, request: Params, _caller: Caller) -> Params:
    state.remove(state.endpoint_configs, _find(state, state.endpoint_configs, request["EndpointConfigName"]))
    return {}


def _list_configs(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_CONFIGS, request, [Row(r.serial, state.view(r, **_CONFIG_NAMES)) for r in state.endpoint_configs])


def _create_endpoint(state: State, request: Params, _caller: Caller) -> Params:
    config = _find(state, state.endpoint_configs, request["EndpointConfigName"])
    models = _models(state, config)
    record = _add(state, state.endpoints, request["EndpointName"], request)
    record.transition = "Creating"
    _deploy(state, record, config, models)
    return {"EndpointArn": record.arn}


def _models(state: State, config: Record) -> dict[str, Record]:
    names = [v["ModelName"] for v in config.data["ProductionVariants"] if "ModelName" in v]
    return {name: _find(state, state.models, name) for name in names}


def _deploy(state: State, record: Record, config: Record, models: dict[str, Record]) -> None:
    """Point the endpoint at the configuration; instances of models in a VPC hold interfaces there."""
    old, record.interfaces = record.interfaces, []
    record.data["EndpointConfigName"] = config.data["EndpointConfigName"]
    variants = config.data["ProductionVariants"]
    record.data["ProductionVariants"] = [_summary(v, models.get(v.get("ModelName", "")), state.now) for v in variants]
    for variant in variants:
        model = models.get(variant.get("ModelName", ""))
        vpc = (model or config).data.get("VpcConfig")
        if vpc:
            record.interfaces += _attach(state, record.arn, vpc, variant.get("InitialInstanceCount", 1))
    for interface in old:
        state.world.delete_network_interface(interface)


def _attach(state: State, arn: str, vpc: Params, count: int) -> list[str]:
    subnets = [vpc["Subnets"][index % len(vpc["Subnets"])] for index in range(count)]
    description = f"[DO NOT DELETE] ENI managed by SageMaker for Endpoint [{arn}]"
    return [state.world.create_network_interface(s, vpc["SecurityGroupIds"], description) for s in subnets]


def _summary(variant: Params, model: Record | None, now: float) -> Params:
    weight = variant.get("InitialVariantWeight", 1.0)
    summary: Params = {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight}
    if "ServerlessConfig" in variant:
        summary["CurrentServerlessConfig"] = variant["ServerlessConfig"]
    else:
        count = variant.get("InitialInstanceCount", 1)
        summary |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    if model:
        containers = model.data.get("Containers") or [model.data["PrimaryContainer"]]
        summary["DeployedImages"] = [
            {"SpecifiedImage": c["Image"], "ResolvedImage": c["Image"], "ResolutionTime": now}
            for c in containers
            if "Image" in c
        ]
    return summary


def _describe_endpoint(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_find(state, state.endpoints, request["EndpointName"]), **_ENDPOINT_NAMES)


def _steady(state: State, name: str) -> Record:
    record = _find(state, state.endpoints, name)
    if record.status(state.now) in ("Creating", "Updating", "Deleting"):
        raise invalid(f'Cannot update in-progress endpoint "{record.arn}".')
    return record


def _update_endpoint(state: State, request: Params, _caller: Caller) -> Params:
    record = _steady(state, request["EndpointName"])
    config = _find(state, state.endpoint_configs, request["EndpointConfigName"])
    if record.data["EndpointConfigName"] == config.data["EndpointConfigName"]:
        raise invalid(
            f'Cannot update endpoint "{record.arn}" with the endpoint configuration that it uses, "{config.arn}": '
            f"create a new one."
        )
    _deploy(state, record, config, _models(state, config))
    if "DeploymentConfig" in request:
        record.data["LastDeploymentConfig"] = request["DeploymentConfig"]
    record.touch(state.now, "Updating", DELAYS["endpoint"])
    return {"EndpointArn": record.arn}


def _delete_endpoint(state: State, request: Params, _caller: Caller) -> Params:
    _steady(state, request["EndpointName"]).delete(state.now, DELAYS["endpoint"])
    return {}


def _list_endpoints(state: State, request: Params, _caller: Caller) -> Params:
    rows = [Row(r.serial, state.view(r, **_ENDPOINT_NAMES)) for r in state.endpoints]
    return listed(_ENDPOINTS, request, rows)


OPERATIONS: dict[str, Handler] = {
    "CreateModel": _create_model,
    "DescribeModel": _describe_model,
    "DeleteModel": _delete_model,
    "ListModels": _list_models,
    "CreateEndpointConfig": _create_config,
    "DescribeEndpointConfig": _describe_config,
    "DeleteEndpointConfig": _delete_config,
    "ListEndpointConfigs": _list_configs,
    "CreateEndpoint": _create_endpoint,
    "DescribeEndpoint": _describe_endpoint,
    "UpdateEndpoint": _update_endpoint,
    "DeleteEndpoint": _delete_endpoint,
    "ListEndpoints": _list_endpoints,
}
