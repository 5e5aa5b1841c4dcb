"""Whom the policies lock out: each call of operators.toml as one identity makes it, and the statement that stops it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.prove.estate import Estate
from sagekeep.prove.identity import Identity, named_in, sample
from sagekeep.prove.operators import DEPLOYER, Call, Place, calls
from sagekeep.prove.reachability import in_order, undecided_by
from sagekeep.prove.rows import applies
from sagekeep.prove.situation import Situation, situations
from sagekeep.prove.words import UnknownWord

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html: no bucket's policy denies these to the root
# of its account; only endpoints' and organizations' policies do. KMS knows no such exception (its developer guide, key
# policies).
_ALWAYS_THE_ROOTS = {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}


@dataclass(frozen=True)
class Stop:
    """What stops a call.

    Attributes:
        layer: resource, endpoint, network; of a role of the environment's own also identity and boundary.
        what: `<address>#<Sid>`, `no statement of <address>`, or `network: ...`.
        stack: that the address is of; "" for the network.
        at: an action and the resource.
    """

    layer: str
    what: str
    stack: str
    at: str


@dataclass(frozen=True)
class Outcome:
    """What became of a call.

    Attributes:
        skipped: why it is not made here.
        stops: empty where it gets through.
        brought: keys of what is brought, whose owners decide whether it does.
    """

    call: Call
    skipped: str = ""
    stops: tuple[Stop, ...] = ()
    brought: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """Every call as one identity makes it from one place.

    Attributes:
        own_policies: addresses of the identity's policies where the environment makes it; else it may do everything.
    """

    identity: Identity
    place: Place
    outcomes: tuple[Outcome, ...]
    own_policies: tuple[str, ...] = ()

    def lost(self) -> Iterator[Outcome]:
        """The stopped calls that matter: what the identity's kinds need; for anybody else, what repairs a policy.

        Whom the place keeps from repairing, or his own policies, is not locked out: there are other places and people.
        """
        for outcome in self.outcomes:
            if self.identity.kinds:
                if outcome.stops and outcome.call.needed_by & self.identity.kinds:
                    yield outcome
            elif outcome.call.repairs and any(stop.layer == "resource" for stop in outcome.stops):
                yield outcome

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        lost = {outcome.call.id for outcome in self.lost()}
        return {
            "identity": self.identity.arn,
            "kinds": sorted(self.identity.kinds),
            "from": self.place,
            "own_policies": list(self.own_policies),
            "calls": [_document(outcome, lost=outcome.call.id in lost) for outcome in self.outcomes],
            "locked_out": bool(lost),
        }


def _document(outcome: Outcome, *, lost: bool) -> dict[str, Any]:
    call = outcome.call
    return {
        "id": call.id,
        "group": call.group,
        "does": call.does,
        "needed_by": sorted(call.needed_by),
        "status": _status(outcome),
        "why": outcome.skipped,
        "stopped_by": [{"statement": stop.what, "at": stop.at} for stop in outcome.stops],
        "brought": list(outcome.brought),
        "lost": lost,
    }


def _status(outcome: Outcome) -> str:
    reached = "brought" if outcome.brought else "through"
    return "skipped" if outcome.skipped else "stopped" if outcome.stops else reached


def judge(estate: Estate, identity: Identity, place: Place) -> Judgement:
    """Makes every call.

    Raises:
        UsageError: the place is the VPC, and the environment has none that people work in.
    """
    if place == "vpc" and "studio" not in estate.places:
        raise UsageError("nobody works in a VPC of this environment", hint="ask with --from internet")
    role = next((role for role in estate.roles if role.arn == identity.arn), None)
    own = tuple(policy.origin for policy in role.identity) if role else ()
    known = with_every_holder(estate)
    outcomes = (_outcome(call, known, identity.arn, place, granted=role is None) for call in calls())
    return Judgement(identity, place, tuple(outcomes), own)


def with_every_holder(estate: Estate) -> Estate:
    """The estate with words for all that have a policy of ours: `{every_bucket}` and so on."""
    found: dict[str, str | tuple[str, ...]] = {}
    ours = [holder for holder in estate.holders if holder.policy is not None and not holder.brought]
    for word, service in (("bucket", "s3"), ("key", "kms"), ("topic", "sns"), ("queue", "sqs")):
        arns = tuple(holder.arn for holder in ours if holder.arn.split(":")[2] == service)
        if arns:
            found[f"every_{word}"] = arns
    return replace(estate, words={**estate.words, **found})


def _outcome(call: Call, estate: Estate, arn: str, place: Place, *, granted: bool) -> Outcome:
    row = call.row(arn, place, granted=granted)
    if condition := applies(row, estate.settings):
        return Outcome(call, skipped=condition)
    try:
        found = [_as_root(situation) for situation in situations(row, estate)]
    except UnknownWord as word:
        return Outcome(call, skipped=f"no {word}")
    stops = {stop.what: stop for situation in reversed(found) for stop in _stop(situation)}
    theirs = dict.fromkeys(undecided_by(situation, in_order(situation)) for situation in found)
    return Outcome(call, stops=tuple(reversed(stops.values())), brought=tuple(filter(None, theirs)))


def _as_root(situation: Situation) -> Situation:
    request = situation.request
    if request.caller.kind != "root" or request.action not in _ALWAYS_THE_ROOTS:
        return situation
    return replace(situation, layers=replace(situation.layers, resource=None))


def _stop(situation: Situation) -> Iterator[Stop]:
    """The first thing of ours that stops a call; what is brought is its owner's business."""
    barrier = next((barrier for barrier in in_order(situation) if not situation.unasked(barrier)), None)
    if barrier is None:
        return
    address = barrier.origin or situation.names.get(barrier.layer, "")
    request = situation.request
    stack = address.partition(": ")[0] if ": " in address else ""
    yield Stop(barrier.layer, barrier.text, stack, f"{request.action} on {request.resource}")


def beyond_repair(estate: Estate) -> list[Stop]:
    """Policies that nobody could change back from outside the VPC, neither those who deploy nor the account's root."""
    known, account = with_every_holder(estate), estate.account
    deployers = [sample(arn) for arn in named_in(estate.settings)[DEPLOYER] if arn.split(":")[4] == account]
    found = []
    for call in calls():
        if call.repairs:
            root = f"arn:{estate.words['partition']}:iam::{account}:root"
            stopped = [_stopped_at(call, known, arn) for arn in (root, *deployers)]
            found += [stop for at, stop in stopped[0].items() if all(at in other for other in stopped)]
    return found


def _stopped_at(call: Call, estate: Estate, arn: str) -> dict[str, Stop]:
    """What stops a call as an identity that may do everything makes it, by action and resource."""
    row = call.row(arn, "internet", granted=True)
    try:
        found = [stop for situation in situations(row, estate) for stop in _stop(_as_root(situation))]
    except UnknownWord:
        return {}
    return {stop.at: stop for stop in found}
