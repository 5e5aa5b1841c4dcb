"""What every role that people work as in Studio has beside its own policy."""

from __future__ import annotations

from cdktf import ITerraformDependable
from constructs import Construct

from policies.studio import Studio, endpoints_of_ones_own, jobs_of_ones_own
from sagekeep.settings import Settings
from stacks.parts.guardrails import Guardrails
from stacks.parts.policy import ScopedRole, managed_policy


class StudioPolicies(Construct):
    """The guardrails, and jobs and endpoints of one's own, which an inline policy has no room for."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, surroundings: Studio, guardrails: Guardrails
    ) -> None:
        super().__init__(scope, id)
        self._guardrails = guardrails
        self._policies = {
            "jobs": managed_policy(
                self,
                settings,
                kind="jobs",
                purpose="studio-jobs",
                statements=jobs_of_ones_own(settings, surroundings.place),
                description="Jobs and models that people in Studio make, in our VPC, isolated and encrypted",
            ),
            "endpoints": managed_policy(
                self,
                settings,
                kind="endpoints",
                purpose="studio-endpoints",
                statements=endpoints_of_ones_own(settings, surroundings.place),
                description="Endpoints that people in Studio make of their own models",
            ),
        }

    def hold(self, role: ScopedRole) -> list[ITerraformDependable]:
        """Attach the policies to a role, unless it is brought; returns what must wait for it."""
        return [*self._guardrails.hold(role), *role.hold(self._policies)]
