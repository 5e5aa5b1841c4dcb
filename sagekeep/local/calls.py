"""What was asked of this AWS since it started: who did what, from where, with which verdict, and how often.

Kept in memory, one line for each kind of call; the number of kinds is bounded. `sagekeep local calls` shows it.
"""

from __future__ import annotations

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


def record(principal: str, action: str, place: str, resource: str, denied: str = "") -> None:
    """Count a call; a new kind is left out where there are too many."""
    key = (principal, action, place, denied)
    if key not in _seen and len(_seen) >= LARGEST:
        return
    found = _seen.setdefault(key, Seen(principal, action, place, denied, resource))
    found.resource = resource
    found.count += 1


def report() -> list[dict[str, Any]]:
    """All kinds, in the order in which they were first seen."""
    return [asdict(seen) for seen in _seen.values()]
