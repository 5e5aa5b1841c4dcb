"""The interface endpoints of the VPC, as a table; `EndpointSet` makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policies import endpoints
from policies.statement import Statement
from sagekeep import partitions
from sagekeep.settings import Settings


@dataclass(frozen=True)
class Endpoint:
    """An interface endpoint: the last part of its service's name, and the statements of its policy."""

    service: str
    statements: Callable[[Settings], list[Statement]] = endpoints.our_account

    def service_name(self, region: str) -> str:
        """Full service name."""
        return partitions.interface_service_name(self.service, region)


INTERFACE_ENDPOINTS = (
    Endpoint("sagemaker.api"),
    Endpoint("sagemaker.runtime"),
    Endpoint("studio"),
    Endpoint("ecr.api", endpoints.our_account_and_images),
    Endpoint("ecr.dkr", endpoints.our_account_and_images),
    Endpoint("logs"),
    Endpoint("sts"),
    Endpoint("kms"),
    Endpoint("monitoring"),
)


def interface_endpoints(s: Settings) -> tuple[Endpoint, ...]:
    """The endpoints of an environment: those of the table, but for images where it has none, and what it names."""
    usual = {endpoint.service for endpoint in INTERFACE_ENDPOINTS}
    extra = (Endpoint(service) for service in s.network.extra_endpoints if service not in usual)
    images = s.network.image_endpoints
    usual_ones = (e for e in INTERFACE_ENDPOINTS if images or not e.service.startswith("ecr."))
    return (*usual_ones, *extra)


def gateway_service_name(region: str) -> str:
    """Full service name of S3's gateway endpoint."""
    return partitions.gateway_service_name("s3", region)


def services(s: Settings) -> dict[str, str]:
    """The full name of every endpoint's service, S3's included, by its last part."""
    full = {endpoint.service: endpoint.service_name(s.region) for endpoint in interface_endpoints(s)}
    return {"s3": gateway_service_name(s.region), **full}


def different_policies() -> list[Callable[[Settings], list[Statement]]]:
    """The different policies of the interface endpoints, in the order of the table."""
    return list(dict.fromkeys(endpoint.statements for endpoint in INTERFACE_ENDPOINTS))
