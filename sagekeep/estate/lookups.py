"""What AWS says of a thing that an ARN of the settings names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.settings import Settings


class Call(NamedTuple):
    """A read-only call of boto3's: `argument` takes the ARN, `member` of the answer describes the thing."""

    service: str
    name: str
    argument: str
    member: str
    thing: str


KEY = Call("kms", "describe_key", "KeyId", "KeyMetadata", "key")
TOPIC = Call("sns", "get_topic_attributes", "TopicArn", "Attributes", "topic")


def described(key: str, call: Call, clients: Clients, s: Settings) -> Mapping[str, Any] | Fault:
    """What AWS says, or why it says nothing: the thing is elsewhere, or not there."""
    arn = clients.one(key)
    _, _, _, region, account, *_ = [*arn.split(":", 5), "", "", "", "", ""]
    if region != s.region:
        return Fault(key, f"{arn} is in region {region or '(none)'}, the environment in {s.region}")
    if account != s.account_id:
        return Fault(key, f"{arn} is of account {account or '(none)'}, the environment of {s.account_id}")
    try:
        answer: Mapping[str, Any] = clients.ask(call.service, call.name, **{call.argument: arn})[call.member]
    except LookupError:
        return Fault(key, f"there is no {call.thing} {arn}")
    return answer
