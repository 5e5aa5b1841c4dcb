"""A row in an environment: the requests that it stands for, each with the policies that decide and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sagekeep.errors import UsageError
from sagekeep.iam import reference
from sagekeep.iam.document import Policy, Statement, parse
from sagekeep.iam.evaluate import Layers, Verdict, covers, decide
from sagekeep.iam.request import Caller, Request
from sagekeep.prove.estate import Brought, Estate, Place, Role
from sagekeep.prove.network import Way, way
from sagekeep.prove.rows import CallerRow, Row, callers
from sagekeep.prove.words import FOREIGN_ACCOUNT, NEIGHBOUR_ACCOUNT, UnknownWord, fill

_ANOTHER_ORGANIZATION = "o-anotherone"
_ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
GRANTED = parse({"Statement": [{"Sid": "Granted", **_ANYTHING}]}, "(granted)")
FOREIGN = parse({"Statement": [{"Sid": "Foreign", "Principal": "*", **_ANYTHING}]}, "(the other account's own)")
# The way of a call, in the order in which it is told.
CHAIN = ("network", "endpoint", "resource", "identity", "boundary", "session")
# Actions on these services' resources are decided with the resource's own policy.
# Who assumes a role needs the role's trust for each of these: IAM user guide, session tags and source identity.
_TRUSTED = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
_RESOURCE_POLICIES = ("s3", "kms", "sns", "sqs")


@dataclass(frozen=True)
class Barrier:
    """What stops a request.

    Attributes:
        layer: network, endpoint, resource, identity or boundary.
        text: `<address>#<Sid>`, `no statement of <address>`, or `network: ...`.
    """

    layer: str
    text: str
    origin: str = ""
    sid: str = ""


@dataclass(frozen=True)
class Situation:
    """One request, with all that decides about it.

    Attributes:
        names: layer -> what to call it where no statement allows.
        brought: layer -> whose it is, where others have made it.
    """

    row: Row
    request: Request
    layers: Layers
    way: Way | None
    names: Mapping[str, str]
    brought: Mapping[str, Brought] = field(default_factory=dict)

    @cached_property
    def verdict(self) -> Verdict:
        """What IAM says, the network aside."""
        return decide(self.request, self.layers)

    def barrier(self) -> Barrier | None:
        """The first thing that stops it, or None."""
        if self.way is not None and self.way.blocked:
            return Barrier("network", f"network: {self.way.blocked}")
        verdict = self.verdict
        if verdict.allowed:
            return None
        if verdict.explicit:
            return Barrier(verdict.layer, f"{verdict.origin}#{verdict.sid}", verdict.origin, verdict.sid)
        return Barrier(verdict.layer, f"no statement of {self.names.get(verdict.layer, verdict.layer)}")

    def unasked(self, barrier: Barrier | None) -> str:
        """The key of what is brought whose owner decides whether this call gets through, "" where we know.

        Owners are asked for some grants and denies: whether their policies grant more, nobody here can tell.
        """
        if barrier is not None:
            theirs = self.brought.get(barrier.layer)
            return theirs.key if theirs and barrier.layer == "resource" and not barrier.origin else ""
        theirs = self.brought.get("resource")
        if theirs is None or any(grant.layer == "resource" for grant in self.verdict.allowed_by):
            return ""
        asked = (s for caller, s in theirs.calls if caller == self.request.caller.arn)
        return "" if any(covers(statement, self.request) for statement in asked) else theirs.key

    def excuses(self, text: str) -> bool:
        """Whether a barrier that a row names is of what is brought: its owner decides whether it is there."""
        origin = text.removeprefix("no statement of ").partition("#")[0]
        places = (place for theirs in self.brought.values() for place in theirs.origins)
        return origin in places or ("network" in self.brought and text.startswith("network: no endpoint for "))


def situations(row: Row, estate: Estate) -> Iterator[Situation]:
    """Every action of a row on every resource that is here and that AWS has it for.

    Raises:
        UsageError: AWS has an action for none of the row's resources, or does not have the action at all.
        UnknownWord: the row names what the environment does not have, or only what is not here since something is
            brought (`Estate.elsewhere`).
    """
    resources = list(_resources(row, estate))
    for action in row.actions:
        fitting = [resource for resource in resources if reference.fits(action, resource)]
        if not fitting:
            known = ", ".join(reference.resources(action)) or "*"
            raise UsageError(f"{row.id}: {action} is asked of {known}, and the row names none of them")
        for resource in fitting:
            yield _situation(row, estate, action, resource)


def _resources(row: Row, estate: Estate) -> Iterator[str]:
    found = False
    for pattern in row.resources:
        try:
            yield from fill(pattern, estate.words)
            found = True
        except UnknownWord as word:
            if str(word) not in estate.elsewhere or (pattern == row.resources[-1] and not found):
                raise


def _situation(row: Row, estate: Estate, action: str, resource: str) -> Situation:
    caller, role, described = _caller(row, estate)
    place = _place(row, estate, role)
    found = way(estate, place, row.service) if place and place.subnet_ids else None
    account = fill(row.resource_account, estate.words)[0] or _owner(resource, caller) or estate.account
    policy, name, theirs = _resource_policy(estate, caller, action, resource, account)
    identity, boundary = (role.identity, role.boundary) if role else ((), None)
    if row.granted or (described and described.granted):
        identity = (*identity, GRANTED)
    endpoint = found.endpoint if found else None
    owners = {"endpoint": endpoint and endpoint.brought, "resource": theirs, "identity": role and role.brought}
    brought = {layer: owner for layer, owner in owners.items() if owner}
    layers = Layers(
        identity=identity, boundary=boundary, resource=policy, endpoint=endpoint.policy if endpoint else None
    )
    names = {
        "identity": role.address if role else caller.arn,
        "boundary": boundary.origin if boundary else "",
        "resource": policy.origin if policy else name,
        "endpoint": endpoint.policy.origin if endpoint and endpoint.policy else "",
    }
    context = {**_organization(estate, caller, account), **_context(row, estate, role, described, found)}
    if action.startswith("kms:") and caller.account:
        context.setdefault("kms:CallerAccount", (caller.account,))
    situation = Situation(row, Request(caller, action, resource, account, context), layers, found, names, brought)
    return _at_worst(situation, estate) if row.stopped_by else situation


def _at_worst(situation: Situation, estate: Estate) -> Situation:
    """An attempt meets the denies that owners are asked for; beside these, what is brought lets it through.

    A resource's policy is taken to leave it to policies of the caller's account, as twins are.
    """
    layers, brought = situation.layers, situation.brought
    if "identity" in brought:
        layers = replace(layers, identity=(*layers.identity, GRANTED))
    if "resource" in brought:
        layers = replace(layers, resource=opened(layers.resource, situation.request.caller))
    found, vpc = situation.way, next((vpc.brought for vpc in estate.vpcs if vpc.brought), None)
    if vpc and found and found.endpoint is None:  # nobody asks which endpoints its owner has besides
        return replace(situation, layers=layers, way=Way(None), brought={**brought, "network": vpc})
    return replace(situation, layers=layers)


def opened(policy: Policy | None, caller: Caller) -> Policy:
    """The policy with a statement that lets the caller's account, or the service, do everything.

    It names the account, not the caller: the caller's own policies still have their say.
    """
    principal = {"service": ("Service", caller.arn), "anonymous": ("*", "*")}.get(caller.kind, ("AWS", caller.account))
    statement = Statement("Opened", "Allow", actions=("*",), resources=("*",), principals=(principal,))
    if policy is None:
        return Policy("(opened)", (statement,))
    return replace(policy, statements=(*policy.statements, statement))


def _caller(row: Row, estate: Estate) -> tuple[Caller, Role | None, CallerRow | None]:
    if row.who.startswith("arn:"):  # of operators.toml's calls, which anybody may make
        *_, account, name = row.who.split(":", 5)
        caller = Caller(arn=row.who, account=account, kind=name.partition("/")[0])  # type: ignore[arg-type]
        return caller, estate.role_of(row.who), None
    described = callers().get(row.who)
    if described and (described.arn or described.kind == "anonymous"):
        arn, account = fill(described.arn, estate.words)[0], fill(described.account, estate.words)[0]
        caller = Caller(arn=arn, account=account, kind=described.kind)  # type: ignore[arg-type]
        return caller, estate.role_of(arn), described
    if row.who.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return Caller(arn=fill(row.who, estate.words)[0], account="", kind="service"), None, described
    role = estate.role(row.who)
    if role is None:
        raise UnknownWord(row.who)
    return Caller(arn=role.arn, account=estate.account, kind="role"), role, described


def _place(row: Row, estate: Estate, role: Role | None) -> Place | None:
    """Where the call starts: a function's code where its function is, the rest where jobs and Studio are."""
    if row.place in {"aws", "internet"}:
        return None
    function = estate.function_of(role) if role and row.place == "functions" else None
    return function.place if function else estate.places.get(row.place)


def _resource_policy(
    estate: Estate, caller: Caller, action: str, resource: str, account: str
) -> tuple[Policy | None, str, Brought | None]:
    """The resource's own policy, what to call it, and whose it is. Another account's lets everything in."""
    service = action.partition(":")[0]
    if account != estate.account:
        return FOREIGN, resource, None
    if action in _TRUSTED:
        target = estate.role_of(resource)
        return (target.trust, target.address, target.brought) if target else (None, resource, None)
    if service == "logs" and caller.kind == "service":
        return estate.log_policy(resource), resource, None
    if service not in _RESOURCE_POLICIES:
        return None, resource, None
    holder = estate.holder(resource)
    return (holder.policy, holder.address, holder.brought) if holder else (None, resource, None)


def _owner(resource: str, caller: Caller) -> str:
    """The account that an ARN names, which S3's do not; an action without a resource happens in the caller's."""
    if resource == "*":
        return caller.account
    return resource.split(":")[4] if resource.count(":") >= 5 else ""


def _organization(estate: Estate, caller: Caller, account: str) -> dict[str, tuple[str, ...]]:
    """Our account, and a neighbour's, are of the organization that the settings name, the stranger's is of another.

    An account without any has no such key: IAM user guide, aws:ResourceOrgID and aws:PrincipalOrgID.
    """
    if "organization" not in estate.words:
        return {}
    ours = fill("{organization}", estate.words)
    of = {estate.account: ours, NEIGHBOUR_ACCOUNT: ours, FOREIGN_ACCOUNT: (_ANOTHER_ORGANIZATION,)}
    return {"aws:PrincipalOrgID": of.get(caller.account, ()), "aws:ResourceOrgID": of.get(account, ())}


def _context(
    row: Row, estate: Estate, role: Role | None, described: CallerRow | None, found: Way | None
) -> dict[str, tuple[str, ...]]:
    """The keys that place and caller bring, then the row's own; a key given as an empty list is absent."""
    context: dict[str, tuple[str, ...]] = {"aws:SecureTransport": ("true",)}
    if found and found.endpoint:
        context |= {"aws:SourceVpc": (found.endpoint.vpc_id,), "aws:SourceVpce": (found.endpoint.id,)}
    if row.place == "internet":
        context["aws:SourceIp"] = fill("{elsewhere}", estate.words)
    function = estate.function_of(role) if role and row.place == "functions" else None
    if function:
        context["lambda:SourceFunctionArn"] = (function.arn,)
    own = {**(described.context if described else {}), **row.context}
    for key, texts in own.items():
        context[key] = tuple(value for text in texts for value in fill(text, estate.words))
    return {key: values for key, values in context.items() if values}
