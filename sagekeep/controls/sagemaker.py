"""Checks of SageMaker's promises, M1 to M11."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sagekeep.controls.definition import definitions
from sagekeep.controls.view import Check, Fact, View, absent
from sagekeep.prove.estate import Place


def domain_is_sealed(view: View) -> Iterator[Fact]:
    """M1."""
    ours, groups = {subnet.id for subnet in view.estate.subnets}, {group.id for group in view.estate.groups}
    for domain in view.resources("aws_sagemaker_domain"):
        settings = domain.block("default_user_settings")
        if domain.text("app_network_access_type") != "VpcOnly":
            yield Fact(domain.address, "has a way to the internet")
        elif not set(domain.texts("subnet_ids")) <= ours:
            yield Fact(domain.address, "is not in the isolated subnets")
        else:
            inside = bool(settings.get("security_groups")) and set(settings["security_groups"]) <= groups
            yield Fact(domain.address, "" if inside else "has not our security group")


def domain_storage(view: View) -> Iterator[Fact]:
    """M2."""
    keys = view.every_key()
    for domain in view.resources("aws_sagemaker_domain"):
        yield Fact(domain.address, "" if domain.text("kms_key_id") in keys else "stores under no key of ours")


def _outside(vpc: Mapping[str, Any], view: View) -> str:
    """Faults of a VpcConfig."""
    place = Place(tuple(vpc.get("Subnets") or ()), tuple(vpc.get("SecurityGroupIds") or ()))
    ours = {subnet.id for subnet in view.estate.subnets}
    groups = {group.id for group in view.estate.groups}
    inside = place.subnet_ids and set(place.subnet_ids) <= ours and place.group_ids and set(place.group_ids) <= groups
    return "" if inside else "runs outside our subnets and groups"


def jobs_are_sealed(view: View) -> Iterator[Fact]:
    """M3: the pipeline is one string in Terraform, which no scanner reads."""
    keys = view.every_key()
    for definition in definitions(view):
        for name, arguments in definition.steps("Processing", "Training"):
            network = arguments.get("NetworkConfig", arguments)
            cluster = arguments.get("ProcessingResources", {}).get("ClusterConfig") or arguments.get(
                "ResourceConfig", {}
            )
            output = arguments.get("ProcessingOutputConfig") or arguments.get("OutputDataConfig", {})
            faults = (
                _outside(network.get("VpcConfig") or {}, view),
                "" if network.get("EnableNetworkIsolation") else "is not isolated",
                "" if network.get("EnableInterContainerTrafficEncryption") else "talks in the clear",
                "" if cluster.get("VolumeKmsKeyId") in keys else "has a volume under no key of ours",
                "" if output.get("KmsKeyId") in keys else "writes under no key of ours",
            )
            yield _step(definition.address, name, faults)


def _step(address: str, name: str, faults: tuple[str, ...]) -> Fact:
    found = ", ".join(fault for fault in faults if fault)
    return Fact(address, f"step {name} {found}" if found else "")


def models_are_isolated(view: View) -> Iterator[Fact]:
    """M4."""
    for definition in definitions(view):
        for name, arguments in definition.steps("Model"):
            isolated = "" if arguments.get("EnableNetworkIsolation") else "is not isolated"
            yield _step(definition.address, name, (_outside(arguments.get("VpcConfig") or {}, view), isolated))


def endpoint_volumes(view: View) -> Iterator[Fact]:
    """M5."""
    keys = view.every_key()
    for definition in definitions(view):
        for name, arguments in definition.steps("EndpointConfig"):
            fault = "" if arguments.get("KmsKeyId") in keys else "has volumes under no key of ours"
            yield _step(definition.address, name, (fault,))


def several_instances(view: View) -> Iterator[Fact]:
    """M6: where things are kept; a first environment has one."""
    if view.setting("removal") != "retain":
        return
    for definition in definitions(view):
        for name, arguments in definition.steps("EndpointConfig"):
            few = [v["VariantName"] for v in arguments["ProductionVariants"] if v["InitialInstanceCount"] < 2]
            yield _step(definition.address, name, (f"serves {few[0]} from one instance" if few else "",))


def no_notebook_instances(view: View) -> Iterator[Fact]:
    """M8."""
    return absent(view, ("aws_sagemaker_notebook_instance",), "is a notebook instance; people work in Studio")


def no_monitoring(view: View) -> Iterator[Fact]:
    """M9."""
    kinds = ("aws_sagemaker_data_quality_job_definition", "aws_sagemaker_monitoring_schedule")
    return absent(view, kinds, "is monitoring, which this matrix does not speak of")


def no_feature_store(view: View) -> Iterator[Fact]:
    """M10."""
    return absent(view, ("aws_sagemaker_feature_group",), "is a feature group, which this matrix does not speak of")


def no_registry(view: View) -> Iterator[Fact]:
    """M11."""
    return absent(view, ("aws_sagemaker_model_package_group",), "is a model registry, whose approvals nothing asks for")


CHECKS: dict[str, Check] = {
    "M1": domain_is_sealed,
    "M2": domain_storage,
    "M3": jobs_are_sealed,
    "M4": models_are_isolated,
    "M5": endpoint_volumes,
    "M6": several_instances,
    "M8": no_notebook_instances,
    "M9": no_monitoring,
    "M10": no_feature_store,
    "M11": no_registry,
}
