"""Which availability zones the subnets lie in: those of the settings, or the first that have all that we need."""

from __future__ import annotations

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from cdktf_cdktf_provider_aws.data_aws_vpc_endpoint_service import DataAwsVpcEndpointService
from constructs import Construct

from sagekeep import catalog
from sagekeep.settings import Settings
from stacks.parts.endpoint_table import interface_endpoints


class Zones:
    """The zones of the account in the region, and in which of them each endpoint's service is; AWS knows at a plan.

    A service of which AWS does not tell the zones, as in GovCloud, counts as being in all.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        self._settings, self._wanted = settings, settings.network.zones
        self._zones = DataAwsAvailabilityZones(
            scope,
            "zones",
            state="available",
            filter=[DataAwsAvailabilityZonesFilter(name="opt-in-status", values=["opt-in-not-required"])],
            exclude_zone_ids=list(catalog.zones_left_out(settings.region)) or None,
        )
        self._services = self._endpoint_services(scope)
        if isinstance(self._wanted, int):
            # `element` begins again at the list's end: a second subnet in a zone, which no endpoint takes.
            self._zones.lifecycle = _demand(
                f"length({self._fit('self')}) >= {self._wanted}",
                f"network.zones: fewer than {self._wanted} availability zones have the services of all endpoints.",
            )

    def id(self, at: int) -> str:
        """Zone id of the subnet in this place."""
        if not isinstance(self._wanted, int):
            return self._wanted[at]
        return f"${{element({self._fit(self._zones.fqn)}, {at})}}"

    def _fit(self, zones: str) -> str:
        """Ids of the zones in which every endpoint's service is, as an expression."""
        if self._services is None:
            return f"{zones}.zone_ids"
        there = f"alltrue([for s in {self._services.fqn} : {_is_in('s.availability_zones', 'name')}])"
        return f"[for at, name in {zones}.names : {zones}.zone_ids[at] if {there}]"

    def _endpoint_services(self, scope: Construct) -> DataAwsVpcEndpointService | None:
        """The services of the endpoints that we make; those that are brought are in their owner's zones."""
        s = self._settings
        ours = [e for e in interface_endpoints(s) if not s.existing.endpoints.brings(e.service)]
        if not ours:
            return None
        services = DataAwsVpcEndpointService(scope, "services", service_type="Interface")
        names = ", ".join(f'"{endpoint.service_name(s.region)}"' for endpoint in ours)
        services.add_override("for_each", f"${{toset([{names}])}}")
        services.add_override("service_name", "${each.value}")
        if not isinstance(self._wanted, int):
            written = ", ".join(f'"{zone}"' for zone in self._wanted)
            zones = self._zones.fqn
            fits = f"!contains([{written}], id) || {_is_in('self.availability_zones', f'{zones}.names[at]')}"
            services.lifecycle = _demand(
                f"alltrue([for at, id in {zones}.zone_ids : {fits}])",
                "network.zones: ${self.service_name} is not in every one of them; choose others.",
            )
        return services


def _is_in(zones: str, name: str) -> str:
    return f"try(length({zones}) == 0 || contains({zones}, {name}), true)"


def _demand(condition: str, message: str) -> TerraformResourceLifecycle:
    return TerraformResourceLifecycle(
        postcondition=[Postcondition(condition=f"${{{condition}}}", error_message=message)]
    )
