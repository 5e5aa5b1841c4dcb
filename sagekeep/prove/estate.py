"""An environment as its Terraform describes it: identities, stores, keys, channels and the network, all by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sagekeep.iam import patterns
from sagekeep.iam.document import Policy, Statement


@dataclass(frozen=True)
class Brought:
    """Whose something is that others have made.

    Attributes:
        key: of the settings, such as `existing.keys.data`.
        origins: addresses of the policies that ours would have.
        calls: what its own policy is asked not to stop: the caller's ARN, and a statement that allows it.
    """

    key: str
    origins: tuple[str, ...] = ()
    calls: tuple[tuple[str, Statement], ...] = ()


@dataclass(frozen=True)
class Role:
    """An IAM role. `boundary_arn` without a `boundary` is a policy of the account's that no stack holds."""

    address: str
    purpose: str
    name: str
    arn: str
    trust: Policy
    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    boundary_arn: str = ""
    brought: Brought | None = None


@dataclass(frozen=True)
class Holder:
    """What may have a resource policy: a bucket, key, topic or queue."""

    address: str
    purpose: str
    arn: str
    policy: Policy | None
    brought: Brought | None = None


@dataclass(frozen=True)
class Vpc:
    """The VPC, with what private DNS names need of it."""

    address: str
    id: str
    dns_support: bool
    dns_hostnames: bool
    brought: Brought | None = None


@dataclass(frozen=True)
class Subnet:
    """A subnet, and the route table that it is associated with ("" for the VPC's main one).

    With `table_brought` only AWS knows which one that is.
    """

    address: str
    id: str
    vpc_id: str
    cidr: str
    route_table_id: str
    table_brought: bool = False
    brought: Brought | None = None


@dataclass(frozen=True)
class Rule:
    """A rule of a security group; `peer` is a group's id, a prefix list's id or an address range."""

    address: str
    group_id: str
    direction: str
    protocol: str
    ports: tuple[int, int]
    peer: str


@dataclass(frozen=True)
class Group:
    """A security group."""

    address: str
    purpose: str
    id: str
    brought: Brought | None = None


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint; `service` is the last part of its service's name, such as `ecr.api`.

    `in_every_table`: it is asked to be in all route tables of the subnets.
    """

    address: str
    id: str
    service: str
    gateway: bool
    vpc_id: str
    policy: Policy | None
    private_dns: bool
    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    route_table_ids: tuple[str, ...]
    prefix_list_id: str = ""
    in_every_table: bool = False
    brought: Brought | None = None


@dataclass(frozen=True)
class Place:
    """Where something runs. Without subnets that is AWS's own network."""

    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """A Lambda function, the role that it runs as, and where."""

    address: str
    purpose: str
    arn: str
    role_arn: str
    place: Place


@dataclass(frozen=True)
class Estate:
    """Everything that the engine asks about.

    Attributes:
        words: what rows may name in braces, such as `data_bucket`: a text, or a list for a condition key with many
            values.
        places: of jobs and of Studio.
        log_policies: the account's policies of CloudWatch Logs, which speak of any of its groups to AWS's services.
        brought: keys of the settings that name what is brought.
        elsewhere: words, and purposes of roles, that are not here since something is brought -> that setting's key.
    """

    account: str
    settings: Mapping[str, object]
    words: Mapping[str, str | tuple[str, ...]]
    roles: tuple[Role, ...] = ()
    holders: tuple[Holder, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    functions: tuple[Function, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    route_tables: Mapping[str, str] = field(default_factory=dict)  # id -> address
    log_policies: tuple[Policy, ...] = ()
    brought: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def role(self, purpose: str) -> Role | None:
        """The role of a purpose, such as `job`."""
        return next((role for role in self.roles if role.purpose == purpose), None)

    def role_of(self, arn: str) -> Role | None:
        """The role that has an ARN."""
        return next((role for role in self.roles if role.arn == arn), None)

    def function_of(self, role: Role) -> Function | None:
        """The function that runs as a role."""
        return next((function for function in self.functions if function.role_arn == role.arn), None)

    def holder(self, arn: str) -> Holder | None:
        """What has a policy of its own that speaks of a resource: its ARN, or the bucket of an object."""
        return next((h for h in self.holders if arn == h.arn or _is_object(arn, h.arn)), None)

    def log_policy(self, arn: str) -> Policy | None:
        """The policy of CloudWatch Logs that names a group or stream, or the first."""
        pairs = ((policy, text) for policy in self.log_policies for s in policy.statements for text in s.resources)
        naming = (policy for policy, text in pairs if patterns.resource(arn, text, _no_value))
        return next(naming, next(iter(self.log_policies), None))

    def instead(self, origin: str) -> list[str]:
        """Keys of what is brought where a policy of ours, or a part of its work, would be at an address."""
        things: tuple[Role | Holder | Endpoint, ...] = (*self.roles, *self.holders, *self.endpoints)
        return list(dict.fromkeys(t.brought.key for t in things if t.brought and origin in t.brought.origins))

    def notes(self) -> Iterator[str]:
        """What could not be looked at."""
        bounded: dict[str, list[str]] = {}
        for role in self.roles:
            if role.boundary_arn and role.boundary is None:
                bounded.setdefault(role.boundary_arn, []).append(role.address)
        for arn, (first, *others) in bounded.items():
            more = f" and {len(others)} more" if others else ""
            yield f"{first}{more}: the boundary {arn} is the account's, and was not looked at"
        network = self.settings.get("network")
        if isinstance(network, Mapping) and network.get("sealed") is False:
            yield "network.sealed = false: the VPC may have a way to the internet; what leaves by it was not looked at"

    def policies(self) -> Iterator[Policy]:
        """Every policy that is ours, each once: two endpoints may share a document."""
        found: dict[str, Policy] = {}
        for role in self.roles:
            if role.brought is None:
                found.update((policy.origin, policy) for policy in (role.trust, *role.identity))
        holders = (h.policy for h in self.holders if h.brought is None)
        endpoints = (e.policy for e in self.endpoints)
        others = (*holders, *endpoints, *self.log_policies)
        found.update((policy.origin, policy) for policy in others if policy is not None)
        yield from found.values()


def _no_value(_key: str) -> None:
    """No policy variable has a value here."""


def _is_object(arn: str, bucket_arn: str) -> bool:
    return ":s3:::" in bucket_arn and arn.startswith(f"{bucket_arn}/")
