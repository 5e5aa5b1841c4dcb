"""The events of the Studio sweeper; each does something only when Terraform deletes.

{"action": "sweep_domain", "domain_id": "d-...", "tf": {...}}
{"action": "sweep_network", "vpc_id": "vpc-...", "tf": {...}}
"""

from __future__ import annotations

from dataclasses import dataclass

from sagekeep_runtime.fields import Fields, terraform_action

DOMAIN_ID = r"d-(-*[a-z0-9]){1,61}"


@dataclass(frozen=True)
class SweepDomain:
    """Delete the domain's apps, then its spaces."""

    domain_id: str
    terraform: str


@dataclass(frozen=True)
class SweepNetwork:
    """Delete the NFS security groups of domains that are gone."""

    vpc_id: str
    terraform: str


def parse(event: object) -> SweepDomain | SweepNetwork:
    """The request of an event; raises RequestError with every fault at once."""
    fields = Fields(event)
    action = fields.text("action", choices=("sweep_domain", "sweep_network"))
    request: SweepDomain | SweepNetwork | None = None
    if action == "sweep_domain":
        domain_id = fields.text("domain_id", pattern=DOMAIN_ID, rule="must be a domain's id, such as d-abc123")
        request = SweepDomain(domain_id, terraform_action(fields))
    elif action == "sweep_network":
        vpc_id = fields.text("vpc_id", pattern=r"vpc-[0-9a-f]+", rule="must be a VPC's id")
        request = SweepNetwork(vpc_id, terraform_action(fields))
    fields.done()
    assert request is not None, "done() raises when the action is unknown"  # noqa: S101
    return request
