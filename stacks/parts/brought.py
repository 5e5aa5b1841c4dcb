"""Settings in which what is brought has the id, ARN or name that it has once Terraform runs.

Names of ours are known at synth. Of what is brought by tags, by an SSM parameter or by another team's state only
Terraform can tell the name: a stack that needs it asks with a data source of its own, and from there on policies and
parts take it from the settings as they take every other name.
"""

from __future__ import annotations

from typing import Any

from constructs import Construct

from sagekeep.settings import Settings
from sagekeep.settings_existing import Reference, kind_of
from stacks.parts.existing import Source, resolve


def known(scope: Construct, settings: Settings, *needed: str) -> Settings:
    """The settings of a stack that needs some things: `data_bucket`, `topic`, `roles.job` ...; `roles` is all roles."""
    e = settings.existing
    single = {name: getattr(e, name) for name in needed if "." not in name and name != "roles" and getattr(e, name)}
    roles = {p: found for p, found in e.roles.items() if "roles" in needed or f"roles.{p}" in needed}
    update: dict[str, Any] = {name: _known(scope, name, reference) for name, reference in single.items()}
    if roles:
        purposes = {p: _known(scope, f"roles.{p}", reference) for p, reference in roles.items()}
        update["roles"] = {**e.roles, **purposes}
    if all(update[name] is getattr(e, name) for name in single) and not roles:
        return settings
    return settings.model_copy(update={"existing": e.model_copy(update=update)})


def _known(scope: Construct, name: str, reference: Reference) -> Reference:
    if reference.id:
        return reference
    key, address = f"existing.{name}", f"existing-{name.replace('.', '-').replace('_', '-')}"
    found = resolve(scope, address, reference, Source(key, kind_of(key)))
    return Reference(id=found)
