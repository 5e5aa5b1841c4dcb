"""The event of the data seed.

{"action": "seed", "bucket": ..., "key": "raw/default/data.csv", "rows": N, "seed": N, "kms_key_arn": ...,
 "label": ..., "tf": {"action": ..., "prev_input": ...}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagekeep_runtime.fields import Fields, terraform_action


@dataclass(frozen=True)
class Place:
    """Where an object lies."""

    bucket: str
    key: str


@dataclass(frozen=True)
class SeedRequest:
    """`before` is where the last input put the object, when that was elsewhere."""

    place: Place
    before: Place | None
    rows: int
    seed: int
    kms_key_arn: str
    label: str
    terraform: str


def parse(event: object) -> SeedRequest:
    """The request of an event; raises RequestError with every fault at once."""
    fields = Fields(event)
    fields.text("action", choices=("seed",))
    place = Place(
        bucket=fields.text("bucket"),
        # The folder is what is looked at for a user's data, so there has to be one.
        key=fields.text("key", pattern=r"[^/]+(/[^/]+)+", rule="must be a key in a folder, such as raw/a/b.csv"),
    )
    request = SeedRequest(
        place=place,
        before=_before(event, place),
        # Twenty rows still split into two parts with both classes; a million are about 60 MB of CSV.
        rows=fields.integer("rows", at_least=20, at_most=1_000_000),
        seed=fields.integer("seed", at_least=0, at_most=2**32 - 1),
        kms_key_arn=fields.text("kms_key_arn"),
        label=fields.text("label", pattern=r'[^",\r\n]+', rule="must be a column name without quotes or commas"),
        terraform=terraform_action(fields),
    )
    fields.done()
    return request


def _before(event: object, place: Place) -> Place | None:
    block: Any = event.get("tf") if isinstance(event, dict) else None
    previous: Any = block.get("prev_input") if isinstance(block, dict) else None
    if not isinstance(previous, dict):
        return None
    before = Place(bucket=str(previous.get("bucket", "")), key=str(previous.get("key", "")))
    return before if before.bucket and before.key and before != place else None
