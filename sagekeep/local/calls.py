"""What was asked of this AWS since it started: who did what, from where, with which verdict, and how often.

Kept in memory, one line for each kind of call; the number of kinds is bounded. `sagekeep local calls` shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LARGEST = 20_000
INTERNET, SERVICE = "internet", "aws"


@dataclass
class Seen:
    """A kind of call.

    Attributes:
        principal: the role's session, user or service.
        place: the id of the VPC endpoint, `internet`, or `aws` for what a service does in the principal's name.
        denied: why it was refused, in AWS's words; "" where it was allowed.
        resource: of the last such call.
    """

    principal: str
    action: str
    place: str
    denied: str
    resource: str
    count: int = 0


_seen: dict[tuple[str, str, str, str], Seen] = {}


@dataclass(frozen=True)
class Asked:
    """One question to IAM: every resource and every set of condition keys is another one."""

    principal: str
    action: str
    resource: str
    denied: str
    keys: tuple[tuple[str, tuple[str, ...]], ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "keys": {name: list(values) for name, values in self.keys}}


_asked: dict[Asked, None] = {}


def record(
    principal: str, action: str, place: str, resource: str, denied: str = "", keys: Mapping[str, Any] | None = None
) -> None:
    """Count a call; a new kind is left out where there are too many."""
    if len(_asked) < LARGEST:
        _asked[Asked(principal, action, resource, denied, _texts(keys or {}))] = None
    key = (principal, action, place, denied)
    if key not in _seen and len(_seen) >= LARGEST:
        return
    found = _seen.setdefault(key, Seen(principal, action, place, denied, resource))
    found.resource = resource
    found.count += 1


def report() -> list[dict[str, Any]]:
    """All kinds, in the order in which they were first seen."""
    return [asdict(seen) for seen in _seen.values()]


def questions() -> list[dict[str, Any]]:
    """All that IAM was asked, once each, in the order in which it was asked first."""
    return [asked.document() for asked in _asked]


def _texts(keys: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    lists = {name: value if isinstance(value, (list, tuple, set)) else [value] for name, value in keys.items()}
    return tuple(sorted((name, tuple(str(v) for v in values if v is not None)) for name, values in lists.items()))
