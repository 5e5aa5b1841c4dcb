"""SageMaker Studio: domain, user profiles, the role that people work as, and the sweeper that cleans up after them."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from policies import functions, personas, roles, studio
from policies.jobs import Placement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.network import NetworkStack
from stacks.parts.brought import known
from stacks.parts.brought_domain import BroughtDomain
from stacks.parts.guardrails import Guardrails
from stacks.parts.people import People
from stacks.parts.policy import ScopedRole
from stacks.parts.studio_domain import StudioDomain
from stacks.parts.studio_policies import StudioPolicies
from stacks.parts.vpc_function import FunctionCode, VpcFunction

SWEEPER = FunctionCode(
    "studio-sweeper",
    "Removes apps, spaces and network remains of a Studio domain that goes",
    ("studio_sweeper",),
    timeout=900,
)

# What may be brought and this stack names; the auditor's policy names every bucket, topic and role.
BROUGHT = ("domain", "data_bucket", "roles.job", "roles.pipeline", "roles.studio", "roles.studio-sweeper")
EVERYTHING = ("domain", "data_bucket", "access_log_bucket", "topic", "roles")


class StudioStack(EstateStack):
    """The domain and what belongs to it (controls M1, M2)."""

    NAME = "studio"

    def __init__(self, scope: Construct, settings: Settings, *, keys: KeysStack, network: NetworkStack) -> None:
        super().__init__(scope, settings, reads=[keys, network])
        settings = self.settings = known(self, settings, *(EVERYTHING if names.personas(settings) else BROUGHT))
        remote, vpc = self.read(KeysStack), self.read(NetworkStack)
        place = Placement(
            tuple(vpc.texts("subnet_ids")), (vpc.text("jobs_security_group_id"),), remote.text("data_key_arn")
        )
        surroundings = studio.Studio(place, remote.text("studio_key_arn"), vpc.text("vpc_id"))
        role = ScopedRole(
            self,
            "access",
            settings=settings,
            purpose="studio",
            trust=roles.trust(settings, "sagemaker.amazonaws.com"),
            description="People in Studio",
        )
        policy = role.attach(studio.studio_role(settings, surroundings))
        guardrails = Guardrails(self, "guardrails", settings=settings, surroundings=surroundings)
        shared = StudioPolicies(
            self, "studio-shared", settings=settings, surroundings=surroundings, guardrails=guardrails
        )
        common: dict[str, Any] = {
            "settings": settings,
            "surroundings": surroundings,
            "shared": shared,
            "vpc": vpc,
            "role": role,
        }
        domain: StudioDomain | BroughtDomain
        if settings.existing.domain:
            domain = BroughtDomain(self, "studio", after=[*policy, *shared.hold(role)], **common)
        else:
            sweeper = self._sweeper(remote.text("logs_key_arn"), surroundings.vpc_id)
            after = [*policy, *shared.hold(role)]
            domain = StudioDomain(self, "studio", sweeper=sweeper, after=after, **common)
        around = personas.Surroundings(domain.domain_id, vpc.text("studio_security_group_id"), surroundings)
        people = People(self, "people", settings=settings, around=around, guardrails=guardrails)
        self.output("domain_id", domain.domain_id, "The Studio domain")
        self.output("domain_arn", domain.arn, "ARN of the Studio domain")
        self.output("domain_url", domain.url, "Where the Studio domain is opened")
        self.output("user_profiles", [user.user_profile_name for user in domain.users], "User profiles of the domain")
        self.output("studio_role_arn", role.arn, "Role that people work as in Studio")
        if people.arns:
            self.output("persona_role_arns", people.arns, "Roles that people work as outside Studio")

    def _sweeper(self, logs_key_arn: str, vpc_id: str) -> VpcFunction:
        """Outside the VPC: it calls EC2, for which the VPC has no endpoint (docs/decisions/0018)."""
        return VpcFunction(
            self,
            "sweeper",
            settings=self.settings,
            code=SWEEPER,
            logs_key_arn=logs_key_arn,
            statements=functions.studio_sweeper(self.settings, vpc_id),
            place=None,
        )
