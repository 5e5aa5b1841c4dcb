"""Network interfaces of jobs and endpoints: they outlive what they were made for, and go with its role's rights.

SageMaker deletes them some minutes after the job or endpoint, as the execution role: "Do not delete or revoke the
permissions for your ExecutionRoleArn, otherwise SageMaker cannot delete these resources" (API reference,
DeleteEndpoint). Where the role may not, they stay for good, and with them the security group and the subnets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.world import Permission, World

_SESSION = "SageMaker"
_ACTION = "ec2:DeleteNetworkInterface"


@dataclass
class Interfaces:
    """Those of one account.

    Attributes:
        linger: seconds from the end of a job or endpoint until SageMaker deletes its interfaces (AWS: up to 900).
    """

    world: World
    linger: float
    _roles: dict[str, str] = field(default_factory=dict)  # interface -> ARN of the role that it was made with
    _leaving: dict[str, float] = field(default_factory=dict)  # interface -> when SageMaker deletes it

    def make(self, arn: str, vpc: Params, role: str, *, count: int, what: str) -> list[str]:
        """Put `count` interfaces of a VpcConfig, spread over its subnets, where something runs."""
        subnets = [vpc["Subnets"][index % len(vpc["Subnets"])] for index in range(count)]
        description = f"[DO NOT DELETE] ENI managed by SageMaker for {what} [{arn}]"
        made = [self.world.create_network_interface(s, vpc["SecurityGroupIds"], description) for s in subnets]
        self._roles |= dict.fromkeys(made, role)
        return made

    def leave(self, interfaces: Sequence[str], now: float) -> None:
        """Nothing runs on them any more; those of Studio's apps and file systems go at once."""
        for interface in interfaces:
            if interface in self._roles:
                self._leaving[interface] = now + self.linger
            else:
                self.world.delete_network_interface(interface)

    def settle(self, now: float) -> None:
        """Delete those whose time has come; where the role may not, nobody tries again."""
        for interface in [interface for interface, at in self._leaving.items() if now >= at]:
            del self._leaving[interface]
            world, role = self.world, self._roles.pop(interface)
            arn = f"arn:{world.partition}:ec2:{world.region}:{world.account_id}:network-interface/{interface}"
            if world.denied(role, _SESSION, Permission(_ACTION, arn)):
                world.release_network_interface(interface)
            else:
                world.delete_network_interface(interface)
