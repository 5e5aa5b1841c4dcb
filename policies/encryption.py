"""Which KMS key SageMaker is asked to use: conditions that hold under both names that AWS has for each of them.

AWS replaced `sagemaker:VolumeKmsKey` and its like by names that end in `Arn` (Service Authorization Reference,
condition keys for Amazon SageMaker), and does not say which of the two a request still has. So every policy here
holds for requests with the new name, the old one, both, or neither: neither means no key of ours, and is denied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from policies.statement import Condition, Statement, deny, when


class KeyNames(NamedTuple):
    """The names of one condition key: AWS's present one, and the one that it replaced."""

    present: str
    replaced: str


VOLUME = KeyNames("sagemaker:VolumeKmsKeyArn", "sagemaker:VolumeKmsKey")
OUTPUT = KeyNames("sagemaker:OutputKmsKeyArn", "sagemaker:OutputKmsKey")


def ours(keys: KeyNames, arn: str) -> list[Condition]:
    """For an Allow: whichever name the request has, it names our key.

    It holds for a request that names no key at all: whoever allows with it denies `missing` too.
    """
    return [when("StringEqualsIfExists", name, arn) for name in keys]


def missing(sid: str, keys: KeyNames, actions: Sequence[str], on: Sequence[str]) -> Statement:
    """Deny requests that name no key, neither by the one name nor by the other."""
    return deny(sid, actions, on=on, given=[when("Null", name, "true") for name in keys])


def not_ours(keys: KeyNames, arn: str) -> list[Condition]:
    """For a Deny: no name that the request has names our key, or it has none of them.

    Both names are about one member of one request; where they disagreed, `ours` would not hold either.
    """
    return [when("ArnNotEqualsIfExists", name, arn) for name in keys]
