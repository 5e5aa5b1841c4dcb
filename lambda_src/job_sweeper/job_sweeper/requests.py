"""The event of the job sweeper, which does something only when Terraform deletes.

{"action": "await_interfaces", "security_group_id": "sg-...", "subnet_ids": ["subnet-..."], "job_role_arn": "arn:...",
 "network": "ours" | "existing", "job_role": "ours" | "existing", "removal": "destroy" | "retain", "tf": {...}}
"""

from __future__ import annotations

from dataclasses import dataclass

from sagekeep_runtime.fields import Fields, terraform_action

_WHOSE = ("ours", "existing")


@dataclass(frozen=True)
class AwaitInterfaces:
    """Wait until SageMaker's interfaces are gone.

    Attributes:
        security_group_id: the group of jobs and endpoints.
        subnet_ids: where they run.
        job_role_arn: the role that they work as, with whose rights SageMaker deletes their interfaces.
        own_network: the network is the environment's alone, so that every interface in the group is of its jobs.
        own_role: the role is the environment's, and goes with it.
    """

    security_group_id: str
    subnet_ids: tuple[str, ...]
    job_role_arn: str
    own_network: bool
    own_role: bool
    removal: str
    terraform: str


def parse(event: object) -> AwaitInterfaces:
    """The request of an event; raises RequestError with every fault at once."""
    fields = Fields(event)
    fields.text("action", choices=("await_interfaces",))
    request = AwaitInterfaces(
        security_group_id=fields.text("security_group_id", pattern=r"sg-[0-9a-f]+", rule="must be a group's id"),
        subnet_ids=fields.texts("subnet_ids", at_most=16),
        job_role_arn=fields.text("job_role_arn", pattern=r"arn:.+:role/.+", rule="must be a role's ARN"),
        own_network=fields.text("network", choices=_WHOSE) == "ours",
        own_role=fields.text("job_role", choices=_WHOSE) == "ours",
        removal=fields.text("removal", choices=("destroy", "retain")),
        terraform=terraform_action(fields),
    )
    fields.done()
    return request
