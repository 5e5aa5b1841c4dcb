"""Roles that people work as outside Studio."""

from __future__ import annotations

from constructs import Construct

from policies import personas, roles
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.guardrails import Guardrails
from stacks.parts.policy import ScopedRole


class People(Construct):
    """A role for each persona that has principals; `arns` by their purpose."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, around: personas.Surroundings, guardrails: Guardrails
    ) -> None:
        super().__init__(scope, id)
        self.arns: dict[str, str] = {}
        for purpose, persona in settings.personas.wanted():
            role = ScopedRole(
                self,
                purpose,
                settings=settings,
                purpose=purpose,
                trust=roles.trust_people(settings, persona.principals),
                description=personas.DESCRIPTIONS[purpose],
            )
            role.attach(personas.POLICIES[purpose](settings, around))
            guardrails.hold(role)
            self.arns[purpose] = names.role_arn(settings, purpose)
