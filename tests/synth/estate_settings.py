"""The settings of an estate of which others have made a part: what a row of `estate_combinations` brings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from estate_combinations import Row

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
FUNCTIONS = ("pipeline-manager", "pipeline-reader", "data-seed", "job-sweeper")
# Thing -> how the settings name it when it is known by itself.
_IDS: dict[str, Any] = {
    "vpc": "vpc-0a1b2c3d4e5f67890",
    "subnets": ["subnet-0a1b2c3d4e5f67890", "subnet-1b2c3d4e5f67890a1"],
    "route_tables": ["rtb-0a1b2c3d4e5f67890", "rtb-1b2c3d4e5f67890a1"],
    "data_bucket": "others-data",
    "access_log_bucket": "others-logs",
    "state_bucket": "others-states",
    "domain": "d-a1b2c3d4e5f6",
    "topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:others-alerts",
}
# Of several: numbered or named. Keys are random UUIDs, which Terraform's provider looks for.
_GROUPED = {
    "security_groups": "sg-0a1b2c3d4e5f6789{at}",
    "endpoints": "vpce-0a1b2c3d4e5f6789{at}",
    "keys": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-4d56-8ef0-1234567890a{{at}}",
    "roles": f"arn:aws:iam::{ACCOUNT}:role/ml/{{name}}",
}


def _reference(name: str, found_by: str, known: Any) -> Any:
    """A reference to a thing; what cannot be looked up in a way is named by itself (docs/estates.md)."""
    never = name in {"state_bucket", "keys.state"} or (name.startswith("roles.") and found_by == "tags")
    word = name.replace(".", "-").replace("_", "-")
    looked_up = {
        "tags": {"tags": {"Use": word}},
        "ssm": {"ssm": f"/others/{word}"},
        "state": {"state": "platform", "output": word},
    }
    return known if never or found_by == "id" else looked_up[found_by]


def brought(row: Row) -> dict[str, list[str]]:
    """What a row brings: of `keys`, `roles` and the like which; `found_by` and switches left out."""
    groups = {"ours": [], "endpoints": ["endpoints"], "all": ["endpoints", "functions", "jobs", "studio"]}
    endpoints = {"ours": [], "s3": ["s3"], "interfaces": ["sts", "kms"], "all": []}
    roles = [name for thing, name in _parts(row, "roles") for name in (FUNCTIONS if name == "functions" else (name,))]
    found = {thing: [] for thing in _IDS if row[thing] == "theirs"}
    found |= {"security_groups": groups[row["groups"]], "endpoints": endpoints[row["endpoints"]], "roles": roles}
    return found | {"keys": [name for _, name in _parts(row, "keys")]}


def _parts(row: Row, section: str) -> Iterator[tuple[str, str]]:
    for thing, whose in row.items():
        if thing.startswith(f"{section}.") and whose == "theirs":
            yield thing, thing.partition(".")[2]


def document(row: Row) -> dict[str, Any]:
    """poc's settings, with what the row brings."""
    settings = tomllib.loads((ROOT / "environments" / "poc.toml").read_text(encoding="utf-8"))
    existing: dict[str, Any] = {"associate_s3": row["associate_s3"] == "yes"}
    for thing, members in brought(row).items():
        if thing in _IDS:
            existing[thing] = _reference(thing, row["found_by"], _IDS[thing])
        else:
            known = ((name, _GROUPED[thing].format(at=at, name=name)) for at, name in enumerate(members))
            existing[thing] = {name: _reference(f"{thing}.{name}", row["found_by"], text) for name, text in known}
    if row["endpoints"] == "all":
        existing["endpoints"]["all"] = True
    if row["found_by"] == "state":
        place = {"bucket": "platform-states", "key": "platform.tfstate", "region": "us-east-1"}
        existing["states"] = {"platform": place}
    if row["subnets"] == "theirs":
        del settings["network"]["cidr"], settings["network"]["zones"]
    settings["network"]["flow_logs"] = row["flow_logs"] == "on"
    return {**settings, "existing": existing}
