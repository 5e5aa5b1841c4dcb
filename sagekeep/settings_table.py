"""One file for many environments: `[defaults]`, and a table `[environment.NAME]` for what each has otherwise.

    sagekeep synth --env teams.toml#team-a-dev

An environment is its table laid over the defaults: sections are joined, anything else is replaced. The environments of
a table must not claim the same name, state key or path: that is a fault of whichever is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from sagekeep.claims import shared
from sagekeep.errors import UsageError
from sagekeep.settings import ENVIRONMENT_NAME, Settings, parse
from sagekeep.settings_faults import Fault, SettingsError
from sagekeep.settings_files import SEPARATOR


def load_environment(path: Path, name: str) -> Settings:
    """One environment of a table.

    Raises:
        UsageError: the table has no such environment.
        SettingsError: it has faults, or claims what another environment of the table claims.
    """
    documents = _documents(path)
    if name not in documents:
        raise UsageError(f"{path} has no environment {name!r}", hint=f"it has: {', '.join(documents)}")
    settings = parse(documents[name], environment=name, source=_source(path, name))
    if faults := _clashes(settings, _valid(documents, but=name)):
        raise SettingsError(_source(path, name), faults)
    return settings


def load_all(path: Path) -> dict[str, Settings]:
    """Every environment of a table, by name. Raises SettingsError with the faults of all of them."""
    found: dict[str, Settings] = {}
    faults: list[Fault] = []
    for name, document in _documents(path).items():
        try:
            found[name] = parse(document, environment=name)
        except SettingsError as error:
            faults += [Fault(f"environment.{name}.{fault.key}", fault.rule, fault.value) for fault in error.faults]
    for one, other in combinations(found.values(), 2):
        clashes = _clashes(one, [other])
        faults += [Fault(f"environment.{one.environment}.{fault.key}", fault.rule, fault.value) for fault in clashes]
    if faults:
        raise SettingsError(str(path), faults)
    return found


def is_table(path: Path) -> bool:
    """Whether a file holds many environments. A file that is not TOML is none; whoever loads it says so."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return isinstance(table.get("environment"), Mapping)


def _source(path: Path, name: str) -> str:
    return f"{path}{SEPARATOR}{name}"


def _valid(documents: Mapping[str, Mapping[str, Any]], but: str) -> list[Settings]:
    """The other environments; what is wrong with one is told when it is asked for itself."""
    found = []
    for name, document in documents.items():
        if name != but:
            try:
                found.append(parse(document, environment=name))
            except SettingsError:
                continue
    return found


def _clashes(settings: Settings, others: list[Settings]) -> list[Fault]:
    """One fault a setting and other environment, with the first name that both claim."""
    faults: dict[tuple[str, str], Fault] = {}
    for claim, other in shared(settings, others):
        rule = f"leads to the {claim.what} {claim.name}, which the environment {other.environment} has too"
        faults.setdefault((claim.key, other.environment), Fault(claim.key, rule, _value(settings, claim.key)))
    return list(faults.values())


def _value(settings: Settings, key: str) -> object:
    value: Any = settings
    for word in key.split("."):
        value = getattr(value, word)
    return list(value) if isinstance(value, tuple) else value


def _documents(path: Path) -> dict[str, dict[str, Any]]:
    """What each environment would have in a file of its own, by name, in the order of the table."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [Fault("(file)", f"is not TOML: {error}", None)]) from None
    defaults, environments = table.get("defaults", {}), table.get("environment", {})
    faults = [
        Fault(key, "is not a table of many environments; known here: defaults, environment", None)
        for key in table
        if key not in {"defaults", "environment"}
    ]
    if not isinstance(environments, Mapping) or not environments:
        faults.append(Fault("environment", "needs a table [environment.NAME] for each environment", None))
        environments = {}
    for name, body in environments.items():
        if ENVIRONMENT_NAME.fullmatch(name) is None:
            rule = "must be lower-case letters, digits and hyphens, as it names state keys and folders"
            faults.append(Fault(f"environment.{name}", rule, name))
        if not isinstance(body, Mapping):
            faults.append(Fault(f"environment.{name}", "must be a table", body))
    if faults:
        raise SettingsError(str(path), faults)
    return {name: _laid_over(defaults, body) for name, body in environments.items()}


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(below)
    for key, value in above.items():
        under = joined.get(key)
        joined[key] = _laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return joined
