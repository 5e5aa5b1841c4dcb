"""Checks of keys that are brought: enabled, of our account and region, with a policy that lets our roles use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sagekeep.estate import replaced_keys
from sagekeep.estate.check import Check
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.estate.gaps import GRANTED, compare
from sagekeep.estate.lookups import KEY, described
from sagekeep.estate.needs import Statement, needs_of
from sagekeep.estate.requests import Asked
from sagekeep.iam.document import parse
from sagekeep.iam.evaluate import Layers
from sagekeep.settings import Settings

PURPOSES = ("data", "logs", "studio", "state")


def key_serves(purpose: str, clients: Clients, s: Settings) -> Iterator[Fault]:
    """One key."""
    key = f"existing.keys.{purpose}"
    if purpose not in s.existing.keys:
        return
    facts = described(key, KEY, clients, s)
    if isinstance(facts, Fault):
        yield facts
        return
    yield from _state(key, facts)
    yield from lets_use(key, facts["Arn"], needs_of(key, clients, s).policy, clients, s)


def _state(key: str, facts: Mapping[str, Any]) -> Iterator[Fault]:
    arn, state = facts["Arn"], facts.get("KeyState", "Enabled")
    if state != "Enabled":
        yield Fault(key, f"{arn} is {state}: nothing could be encrypted or read with it; enable it, or bring another")
    spec = facts.get("KeySpec") or facts.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT")
    if (facts.get("KeyUsage"), spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        yield Fault(key, f"{arn} is {spec} for {facts.get('KeyUsage')}; it must be a symmetric key for encryption")
    if facts.get("KeyManager") == "AWS":
        yield Fault(key, f"{arn} is managed by AWS, and nobody can write its policy; bring a key of your own")


def lets_use(key: str, arn: str, needed: Sequence[Statement], clients: Clients, s: Settings) -> Iterable[Fault]:
    """What the policy of a key lacks of some statements."""
    document = clients.ask("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
    policy = parse(document, f"the policy of {arn}")
    yield from replaced_keys.named(key, [policy])
    layers = Layers(identity=(GRANTED,), resource=policy)
    yield from compare(needed, layers, Asked(s.account_id, s.partition)).faults(key, f"the policy of key {arn}")


CHECKS = tuple(
    Check(f"{purpose} key", f"the {purpose} key is enabled and lets our roles use it", partial(key_serves, purpose))
    for purpose in PURPOSES
)
