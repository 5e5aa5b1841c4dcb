"""What serves an endpoint: the model servers of one configuration, and the one that is to take its place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.platform import Server


@dataclass(frozen=True)
class Variant:
    """One production variant in service, and the id of its model server."""

    name: str
    server_id: str


@dataclass
class Deployment:
    """One configuration on its servers.

    Attributes:
        config: the configuration's name.
        variants: the ProductionVariants of DescribeEndpoint.
        servers: the model server of each variant, by its name; empty where nothing runs.
        interfaces: the network interfaces of its instances.
        restarted: the variants whose server has died once.
    """

    config: str
    variants: list[Params]
    servers: dict[str, Server] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    restarted: set[str] = field(default_factory=set)

    def choose(self) -> Variant:
        """A variant, drawn by the weights; those without weight get nothing unless none has any."""
        weights = [variant["DesiredWeight"] for variant in self.variants]
        drawn = secrets.SystemRandom().choices(self.variants, weights if any(weights) else None)[0]
        return self.variant(drawn["VariantName"])

    def variant(self, name: str) -> Variant:
        """The variant of that name; raises KeyError."""
        return Variant(name, self.servers[name].id)


@dataclass
class Fleet:
    """`current` answers; `pending` replaces it once all of its servers are in service."""

    current: Deployment | None = None
    pending: Deployment | None = None
