"""The policies of guardrails that every role of people has beside its own."""

from __future__ import annotations

from cdktf import ITerraformDependable
from constructs import Construct

from policies.guardrails import guardrails
from policies.reviewed import only_what_is_reviewed
from policies.sign_in import only_from_known_places
from policies.studio import Studio
from sagekeep.settings import Settings
from stacks.parts.policy import ScopedRole, managed_policy


class Guardrails(Construct):
    """Two policies of denies for all of them: neither fits into an inline policy beside what a role allows."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, surroundings: Studio) -> None:
        super().__init__(scope, id)
        self._policies = {
            "guardrails": managed_policy(
                self,
                settings,
                kind="",
                purpose="guardrails",
                statements=[
                    *guardrails(settings, surroundings.place),
                    *only_from_known_places(settings, surroundings.vpc_id),
                ],
                description="What nobody may do in Studio or outside it, whatever else a role allows",
            ),
            "reviewed": managed_policy(
                self,
                settings,
                kind="reviewed",
                purpose="guardrails-reviewed",
                statements=only_what_is_reviewed(),
                description="What anybody may ask for, in Studio or outside it, whatever else a role allows",
            ),
        }

    def hold(self, role: ScopedRole) -> list[ITerraformDependable]:
        """Attach the policies to a role, unless it is brought; returns what must wait for it."""
        return role.hold(self._policies)
