"""What a check looks at, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sagekeep.iam.document import Policy, Statement
from sagekeep.iam.evaluate import Layers, Verdict, decide
from sagekeep.iam.request import Caller, Request
from sagekeep.prove.estate import Estate, Holder, Role
from sagekeep.prove.reading import UNKNOWN, read
from sagekeep.prove.terraform import Resource, Terraform
from sagekeep.synthesis import Synthesis

EVERYWHERE = "all stacks"
_ALL = Policy("(all)", (Statement(sid="All", effect="Allow", actions=("*",), resources=("*",)),))


@dataclass(frozen=True)
class Fact:
    """One thing that a check looked at.

    Attributes:
        address: `stack: type.name`.
        fault: what is wrong with it, in words that follow the address; "" where nothing is.
    """

    address: str
    fault: str = ""


@dataclass(frozen=True, eq=False)
class View:
    """An environment as checks see it: its Terraform, and what that says of roles, policies and network."""

    synthesis: Synthesis
    terraform: Terraform
    estate: Estate

    @classmethod
    def of(cls, synthesis: Synthesis) -> View:
        """What a synth wrote. Raises OperationError where it cannot be read."""
        terraform = Terraform.of(synthesis)
        return cls(synthesis, terraform, read(terraform))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The environment's settings."""
        return self.terraform.settings

    def setting(self, path: str) -> Any:
        """A setting by its dotted path; None where there is none."""
        value: Any = self.settings
        for word in path.split("."):
            value = value.get(word) if isinstance(value, Mapping) else None
        return value

    def resources(self, *kinds: str) -> Iterator[Resource]:
        """Every managed resource of some types, its references resolved."""
        for kind in kinds:
            if kind not in self._kinds:
                self._kinds[kind] = tuple(self.terraform.resources(kind))
            yield from self._kinds[kind]

    @cached_property
    def _kinds(self) -> dict[str, tuple[Resource, ...]]:
        return {}

    def roles(self) -> Iterator[Role]:
        """The roles that are ours."""
        return (role for role in self.estate.roles if role.brought is None)

    def holders(self, kind: str) -> Iterator[Holder]:
        """The buckets, keys, topics or queues that are ours, by their resource type."""
        return (holder for holder in self.estate.holders if f": {kind}." in holder.address)

    def every_key(self) -> dict[str, Holder]:
        """The environment's keys by ARN: those that are ours, and those that the settings bring."""
        kinds = (": aws_kms_key.", ": brought_key")
        return {h.arn: h for h in self.estate.holders if any(kind in h.address for kind in kinds)}

    def identity_statements(self) -> Iterator[tuple[str, Statement]]:
        """Every statement of every role's own policies, with the address of its document; I5 tells of unknown ones."""
        for role in self.roles():
            for policy in role.identity:
                for statement in policy.statements:
                    if statement.sid != UNKNOWN:
                        yield policy.origin, statement

    def caller(self, purpose: str) -> Caller:
        """A session of one of our roles. Raises LookupError where there is no such role."""
        role = self.estate.role(purpose)
        if role is None:
            raise LookupError(purpose)
        return Caller(arn=role.arn, account=self.estate.account, kind="role")

    def ask(
        self,
        caller: Caller,
        action: str,
        resource: str,
        *,
        identity: tuple[Policy, ...] = (),
        policy: Policy | None = None,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Verdict:
        """IAM's verdict where identity policies allow everything that `identity` does not deny."""
        request = Request(
            caller=caller,
            action=action,
            resource=resource,
            resource_account=self.estate.account,
            context=dict(context or {}),
        )
        return decide(request, Layers(identity=(*identity, _ALL), resource=policy))


Check = Callable[[View], Iterable[Fact]]


def absent(view: View, kinds: Iterable[str], fault: str) -> Iterator[Fact]:
    """No resource of some types: each that is there is a fault."""
    found = list(view.resources(*kinds))
    yield from (Fact(resource.address, fault) for resource in found)
    if not found:
        yield Fact(EVERYWHERE)


def switched(resource: Resource, argument: str) -> bool:
    """Whether an argument is true, as JSON's true or as a text."""
    return str(resource.body.get(argument)).lower() == "true"
