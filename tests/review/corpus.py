"""The recorded plans and what stands in cases.toml about them."""

from __future__ import annotations

import gzip
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.review import reading
from sagekeep.review.model import Plan
from sagekeep.review.review import Review, review
from sagekeep.review.rules import ALL, Rule

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Case = dict[str, Any]


def cases() -> list[Case]:
    """The table."""
    found: list[Case] = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    return found


def text(case: str, stack: str) -> str:
    """A plan as terraform printed it."""
    return gzip.decompress((HERE / "plans" / f"{case}.{stack}.json.gz").read_bytes()).decode()


@cache
def plans(case: str) -> tuple[Plan, ...]:
    """The plans of a case, read."""
    stacks = next(one["stacks"] for one in cases() if one["name"] == case)
    return tuple(reading.parse(text(case, stack), Path(f"{stack}.json")) for stack in stacks)


def reviewed(case: str, rules: tuple[Rule, ...] = ALL) -> Review:
    """The review of a case's plans."""
    return review(plans(case), root=ROOT, rules=rules)


def provider_types() -> set[str]:
    """Types of resources of the AWS provider, by the files of its bindings."""
    from importlib.util import find_spec

    spec = find_spec("cdktf_cdktf_provider_aws")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (folder,) = spec.submodule_search_locations
    return {f"aws_{child.name}" for child in Path(folder).iterdir() if child.is_dir()}
