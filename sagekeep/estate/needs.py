"""What main.py wrote of a thing that is brought: what its policy must amount to, and which calls it must let be.

Ids that main.py could not know stand there as `<vpc_id>` or `<existing.roles.job>`. They are filled in from what is
brought, or from the outputs of stacks that are deployed; a statement whose ids nobody knows yet is not asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Missing
from sagekeep.settings import Settings
from sagekeep.synthesis import Stack

_UNKNOWN = re.compile(r"<([\w.-]+)>")
_KEY = re.compile(r"(\w+)_key_arn")
_GROUP = re.compile(r"(\w+)_security_group_id")
Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """Calls that a policy must not stop: `caller` is the ARN of a role or user, `place` is `vpc` or `outside`."""

    caller: str
    place: str
    statement: Statement


@dataclass(frozen=True)
class Needs:
    """What one thing must let through; `key` is what the key that encrypts it must let through."""

    policy: Sequence[Statement] = ()
    permissions: Sequence[Statement] = ()
    key: Sequence[Statement] = ()
    calls: Sequence[Call] = ()


def needs_of(key: str, clients: Clients, s: Settings) -> Needs:
    """What the thing that a key names must let through. Raises Missing where another reference leads nowhere."""
    written = clients.required.get(key, {})
    names = Names(clients, s)
    statements = {part: list(_known(names, written.get(part, ()))) for part in ("policy", "permissions", "key")}
    calls = [Call(c["caller"], c["place"], c["statement"]) for c in _known(names, written.get("calls", ()))]
    return Needs(**statements, calls=calls)


def _known(names: Names, documents: Sequence[Any]) -> Iterator[Any]:
    for document in documents:
        filled = names.fill(document)
        if _UNKNOWN.search(json.dumps(filled)) is None:
            yield filled


class Names:
    """The ids behind `<...>`."""

    def __init__(self, clients: Clients, s: Settings) -> None:
        self._clients = clients
        self._settings = s
        self._outputs: dict[str, Any] | None = None

    def fill(self, document: Any) -> Any:
        """The document with every id that is known; a list in a list is spliced into it."""
        if isinstance(document, Mapping):
            return {name: self.fill(value) for name, value in document.items()}
        if isinstance(document, list):
            return [one for value in document for one in self._spliced(value)]
        if isinstance(document, str):
            return _UNKNOWN.sub(lambda found: str(self.of(found[1], found[0])), document)
        return document

    def _spliced(self, value: Any) -> list[Any]:
        whole = _UNKNOWN.fullmatch(value) if isinstance(value, str) else None
        found = self.of(whole[1], whole[0]) if whole else self.fill(value)
        return list(found) if whole and isinstance(found, list | tuple) else [found]

    def of(self, name: str, otherwise: Any = None) -> Any:
        """What stands behind a name: what is brought, or the output of a stack."""
        key = self._brought(name)
        if key == "existing.subnets":
            return self._clients.many(key)
        if key:
            return self._clients.one(key)
        if self._outputs is None:
            stacks = self._clients.synthesis.stacks.values()
            self._outputs = {n: value for stack in stacks for n, value in outputs(self._clients, stack).items()}
        return self._outputs.get(name, otherwise)

    def _brought(self, name: str) -> str:
        """The key of what is brought under a name, or ""."""
        e = self._settings.existing
        if name.startswith("existing."):
            return name
        key, group = _KEY.fullmatch(name), _GROUP.fullmatch(name)
        if key and key[1] in e.keys:
            return f"existing.keys.{key[1]}"
        if group and group[1] in e.security_groups:
            return f"existing.security_groups.{group[1]}"
        if name == "s3_endpoint_id" and "s3" in e.endpoints.named:
            return "existing.endpoints.s3"
        single = {"vpc_id": e.vpc, "subnet_ids": e.subnets, "domain_id": e.domain}
        return f"existing.{name.removesuffix('_id').replace('_ids', 's')}" if single.get(name) else ""


def outputs(clients: Clients, stack: Stack) -> dict[str, Any]:
    """Outputs of a stack of ours by name; none where it is not deployed."""
    backend = stack.document().get("terraform", {}).get("backend", {})
    if "local" in backend:
        file = stack.folder / backend["local"]["path"]
        raw = file.read_bytes() if file.is_file() else b"{}"
    else:
        place = backend.get("s3", {})
        try:
            raw = clients.ask("s3", "get_object", Bucket=place["bucket"], Key=place["key"])["Body"].read()
        except (LookupError, Missing):
            return {}
    try:
        return {name: found["value"] for name, found in json.loads(raw).get("outputs", {}).items()}
    except ValueError:
        return {}
