"""The rows of matrix.toml: what is promised, under which published ids, how firmly, and how it is proved."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.controls import events, identity, network, sagemaker, storage
from sagekeep.controls.view import Check

FILE = Path(__file__).with_name("matrix.toml")
CHECKS: Mapping[str, Check] = {
    **network.CHECKS,
    **storage.CHECKS,
    **identity.CHECKS,
    **sagemaker.CHECKS,
    **events.CHECKS,
}
STATUSES = ("must", "default", "option", "account", "exception", "n/a")


@dataclass(frozen=True)
class Control:
    """A row.

    Attributes:
        id: such as "N1".
        published: ids of the same promise in published lists, such as "EC2.2, CIS 6.5, CKV2_AWS_12".
        status: one of STATUSES.
        proof: how it is proved, in the matrix's words.
        brought: keys below `existing` with which a part of it is another's, such as `existing.keys`; `KEY when
            CONDITION` where that depends on other settings (`sagekeep.prove.rows.holds`).
    """

    id: str
    section: str
    promise: str
    published: str
    status: str
    proof: str
    note: str = ""
    brought: tuple[str, ...] = ()

    @property
    def check(self) -> Check | None:
        """The check on the synthesized Terraform, where there is one."""
        return CHECKS.get(self.id)

    @property
    def name(self) -> str:
        """Id and check, such as `N1-no_way_out`: part of the test's name."""
        return f"{self.id}-{self.check.__name__}" if self.check else self.id


@cache
def controls() -> tuple[Control, ...]:
    """All rows, in the matrix's order."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(_row(section["name"], row) for section in document["section"] for row in section["control"])


def _row(section: str, row: Mapping[str, Any]) -> Control:
    return Control(section=section, **{**row, "brought": tuple(row.get("brought", ()))})
