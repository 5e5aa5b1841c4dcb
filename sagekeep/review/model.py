"""A plan's changes, and what is found in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from sagekeep.errors import UsageError


class PlanError(UsageError):
    """A file is not a plan that can be read; exit code 2."""


class Risk(StrEnum):
    """What a change puts at stake, the worst first."""

    DATA_LOSS = "data loss"
    OUTAGE = "outage"
    WIDER = "wider access"
    WEAKER = "weaker protection"
    REPLACEMENT = "replacement"
    COST = "cost"
    NARROWER = "narrower access"
    HARMLESS = "harmless"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Risk).index(self)


class Severity(StrEnum):
    """How much of somebody's attention a finding needs, the most first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


USUAL_SEVERITY: Mapping[Risk, Severity] = {
    Risk.DATA_LOSS: Severity.CRITICAL,
    Risk.OUTAGE: Severity.HIGH,
    Risk.WIDER: Severity.HIGH,
    Risk.WEAKER: Severity.HIGH,
    Risk.REPLACEMENT: Severity.MEDIUM,
    Risk.COST: Severity.MEDIUM,
    Risk.NARROWER: Severity.LOW,
    Risk.HARMLESS: Severity.INFO,
}


@dataclass(frozen=True)
class Change:
    """What a plan does with one resource, its sensitive values masked.

    Attributes:
        address: Terraform's address, with module and index.
        type: such as "aws_s3_bucket".
        name: the name in the configuration, with its index.
        stack: the plan's stack or folder.
        action: "create", "update", "replace", "delete", "read", "forget" or "no-op".
        before: attributes as they are; of what does not exist yet empty.
        after: attributes as they will be; what is not known yet is missing or null.
        unknown: the tree of what is known only after the apply: true at its leaves.
        replace_paths: attributes that force the replacement, such as "kms_key_id".
        reason: Terraform's own reason for the action, such as "replace_because_tainted".
        gap: a replacement destroys before it creates.
        path: construct path in CDKTF, "" where it is not known.
        moved_from: the address that it had before.
        imported: it is taken over from outside Terraform.
        drift: no wanted change, but what happened outside Terraform.
        data: a data source.
    """

    address: str
    type: str
    name: str
    stack: str
    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)
    replace_paths: tuple[str, ...] = ()
    reason: str = ""
    gap: bool = False
    path: str = ""
    moved_from: str = ""
    imported: bool = False
    drift: bool = False
    data: bool = False

    @property
    def destroys(self) -> bool:
        """True where what is there now goes away."""
        return self.action in ("delete", "replace")

    @property
    def where(self) -> str:
        """`stack: address`, as a person looks for it."""
        return f"{self.stack}: {self.address}" if self.stack else self.address


@dataclass(frozen=True)
class Plan:
    """One plan file, read.

    Attributes:
        stack: the stack's name where the plan tells it, else the file's name.
        environment: "" where the plan does not tell.
        terraform: version that made it.
        changes: all that is not a no-op, wanted changes first, then drift.
        standing: type by address of what stays as it is.
        references: addresses that each resource's arguments refer to, by address without index and by argument.
        accounts: AWS accounts that it may work in, where it says so.
        providers: version constraint by provider, "" where there is none.
        failed_checks: messages of checks that do not hold.
        provisional: why the plan may not hold, "" where it does.
        secrets: texts that no output may show.
        errored: the plan was cut short by an error.
        outputs: outputs that change.
        reads: outputs of other stacks that it reads from their states, by stack.
        paths: construct paths by address, where they are known.
        policies: ARNs of policies that stay as they are, and whether they refuse anything.
        named: ids of parts of networks that what stays as it is names, by its address.
    """

    stack: str
    file: str
    environment: str = ""
    terraform: str = ""
    changes: tuple[Change, ...] = ()
    standing: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    providers: Mapping[str, str] = field(default_factory=dict)
    failed_checks: tuple[str, ...] = ()
    provisional: str = ""
    secrets: frozenset[str] = frozenset()
    errored: bool = False
    outputs: frozenset[str] = frozenset()
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, bool] = field(default_factory=dict)
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def wanted(self) -> Mapping[str, Change]:
        """What is to be done, by address."""
        return {change.address: change for change in self.changes if not change.drift}

    @cached_property
    def documents(self) -> Mapping[str, Sequence[Change]]:
        """Data sources that are read in the apply, all instances by address without index."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.data:
                found.setdefault(unindexed(change.address), []).append(change)
        return found


INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]')


def unindexed(address: str) -> str:
    """`module.a["x"].b.c[0]` as `module.a.b.c`."""
    return INDEX.sub("", address)


@dataclass(frozen=True)
class Finding:
    """What a change means.

    Attributes:
        rule: id of the rule that found it.
        sentence: what happens, for somebody who does not read Terraform.
        reason: why it matters.
        remedy: what to do.
        details: field by field, or grant by grant.
        change: the change that it is about.
    """

    rule: str
    risk: Risk
    severity: Severity
    change: Change
    sentence: str
    reason: str = ""
    remedy: str = ""
    details: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[int, int, str, str, str]:
        """Sorts the worst first, and always alike."""
        return (self.risk.rank, self.severity.rank, self.change.stack, self.change.address, self.rule)

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "rule": self.rule,
            "risk": self.risk.value,
            "severity": self.severity.value,
            "stack": self.change.stack,
            "address": self.change.address,
            "type": self.change.type,
            "path": self.change.path,
            "action": self.change.action,
            "drift": self.change.drift,
            "sentence": self.sentence,
            "reason": self.reason,
            "remedy": self.remedy,
            "details": list(self.details),
        }
