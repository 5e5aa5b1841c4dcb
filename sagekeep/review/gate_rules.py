"""environments/review.toml: what may pass without anybody's leave, what may not, exceptions and times of rest."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError, model_validator

from sagekeep.errors import UsageError
from sagekeep.review.model import Finding, Risk, Severity
from sagekeep.settings_faults import faults_of

FILE = Path("environments") / "review.toml"
_DEFAULTS = Path(__file__).parent / "data" / "gate.toml"


class Verdict(StrEnum):
    """What becomes of a finding."""

    FAIL = "fail"
    WARN = "warn"
    ALLOW = "allow"


class _Section(BaseModel, frozen=True, extra="forbid"):
    """Tables of the file refuse keys that they do not know."""


class Scope(_Section):
    """Which findings something is about; each key that is given must fit, `*` and `?` stand for any characters.

    Attributes:
        environments: names; every environment where there are none.
        rule: id of the rule that found it, as `sagekeep review --json` prints it.
        address: Terraform's address.
        type: type of the resource.
        severity: this severe or more.
    """

    environments: tuple[str, ...] = ()
    rule: str = "*"
    risk: Risk | None = None
    stack: str = "*"
    address: str = "*"
    type: str = "*"
    severity: Severity | None = None

    def fits(self, finding: Finding, environment: str) -> bool:
        """Whether a finding is among those meant."""
        change = finding.change
        return (
            _among(environment, self.environments)
            and (self.risk is None or finding.risk == self.risk)
            and (self.severity is None or finding.severity.rank <= self.severity.rank)
            and fnmatchcase(finding.rule, self.rule)
            and fnmatchcase(change.stack, self.stack)
            and _address(change.address, self.address)
            and fnmatchcase(change.type, self.type)
        )


class GateRule(Scope, frozen=True, extra="forbid"):
    """A verdict on some findings; of several that fit the last one holds."""

    verdict: Verdict


class Pardon(Scope, frozen=True, extra="forbid"):
    """An exception: these findings pass until a day, for a reason."""

    address: str
    reason: Annotated[str, Field(min_length=10)]
    until: date


class Freeze(_Section):
    """A time in which nothing may change."""

    environments: tuple[str, ...] = ()
    begins: AwareDatetime
    ends: AwareDatetime
    reason: Annotated[str, Field(min_length=3)]

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        if self.ends <= self.begins:
            raise ValueError("ends must be after begins")
        return self

    def holds(self, environment: str, now: datetime) -> bool:
        """Whether it is on now."""
        return self.begins <= now < self.ends and _among(environment, self.environments)


class Level(_Section):
    """Verdicts by risk class, and the largest number of resources that may be destroyed or made anew."""

    risk: dict[Risk, Verdict] = {}
    max_destroys: Annotated[int, Field(ge=0)] | None = None


class GateRules(Level, frozen=True, extra="forbid"):
    """The whole file, over the defaults."""

    environments: dict[str, Level] = {}
    rule: tuple[GateRule, ...] = ()
    exception: tuple[Pardon, ...] = ()
    freeze: tuple[Freeze, ...] = ()


def load(file: Path | None) -> tuple[GateRules, ...]:
    """The defaults and, over them, a file's rules where there is one.

    Raises:
        UsageError: it cannot be read, is not TOML, or breaks a rule; all faults are told.
    """
    layers = [_parse(_DEFAULTS)]
    return (*layers, _parse(file)) if file else tuple(layers)


def _parse(file: Path) -> GateRules:
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error
    try:
        return GateRules.model_validate(content)
    except ValidationError as error:
        faults = "\n".join(f"  {fault}" for fault in faults_of(error, GateRules))
        raise UsageError(f"{file}:\n{faults}", hint="docs/review.md lists the keys") from error


def _among(environment: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(environment, pattern) for pattern in patterns)


def _address(address: str, pattern: str) -> bool:
    """Brackets of an index stand for themselves."""
    return fnmatchcase(address, pattern.replace("[", "[[]"))
