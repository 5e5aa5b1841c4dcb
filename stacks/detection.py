"""Detection: people hear of changes to what keeps the environment sealed, of denied calls, and of the root user."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Fn
from constructs import Construct

from sagekeep.settings import Settings
from sagekeep.subnets import subnet_count
from stacks.base import EstateStack
from stacks.keys import KEYS, KeysStack
from stacks.network import NetworkStack
from stacks.parts.brought import known
from stacks.parts.detection import DeniedCalls, SecurityAlerts
from stacks.parts.detection_table import Ours
from stacks.parts.traffic import GROUPS
from stacks.state import StateStack


class DetectionStack(EstateStack):
    """Watches the other stacks through the account's trail; not built with `[detection] enabled = false`."""

    NAME = "detection"

    def __init__(
        self, scope: Construct, settings: Settings, *, keys: KeysStack, network: NetworkStack, state: StateStack | None
    ) -> None:
        super().__init__(scope, settings, reads=[keys, network, *([state] if state else [])])
        self.settings = known(self, settings, "data_bucket", "access_log_bucket")
        key_arn = self.read(KeysStack).text("logs_key_arn")
        ours = self._ours(with_state=state is not None)
        alerts = SecurityAlerts(self, "security", ours=ours, key_arn=key_arn)
        DeniedCalls(self, "denied", ours=ours, key_arn=key_arn, topic_arn=alerts.topic_arn)
        self.output("security_topic_arn", alerts.topic_arn, "Topic that hears of changes, denied calls and root use")

    def _ours(self, *, with_state: bool) -> Ours:
        """The ids that other stacks know once they are applied."""
        keys, network = self.read(KeysStack), self.read(NetworkStack)
        key_arns = [keys.text(f"{purpose}_key_arn") for purpose, _, _ in KEYS]
        if with_state:
            key_arns.append(self.read(StateStack).text("state_key_arn"))
        groups = [network.text(f"{purpose}_security_group_id") for purpose in GROUPS]
        return Ours(
            self.settings,
            key_arns=key_arns,
            vpc_id=network.text("vpc_id"),
            security_group_ids=[*groups, network.text("default_security_group_id")],
            subnet_ids=self._each(network.texts("subnet_ids")),
            route_table_ids=self._each(network.texts("route_table_ids")),
        )

    def _each(self, ids: Sequence[str]) -> list[str]:
        """The ids of a list one by one, as a pattern must have them: there is one for each subnet.

        Of a list that is shorter, `element` gives the first ones again.
        """
        return [str(Fn.element(ids, at)) for at in range(subnet_count(self.settings))]
