"""Times on the wire and in events."""

from __future__ import annotations

from datetime import UTC, datetime

from sagekeep.local.sagemaker.errors import invalid


def epoch(value: float | str | datetime) -> float:
    """A request's time in seconds of the epoch; raises AwsError for text that is no ISO 8601 time."""
    if isinstance(value, int | float):
        return float(value)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        raise invalid(f"Value '{value}' is no time: use seconds of the epoch or ISO 8601.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso(seconds: float) -> str:
    """The time as events of EventBridge write it: 2026-11-23T09:30:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
