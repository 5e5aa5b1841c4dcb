"""What IAM was asked of the two roles while they deployed, planned, changed and destroyed: recorded.json.

A question is an action, a resource and the condition keys that the policies look at. Ids are counted, so that another
recording of the same calls is the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sagekeep.estate.ci.grants import conditions
from sagekeep.estate.ci.policies import Role
from sagekeep.iam import Caller, Layers, Policy, Request, decide, parse

KINDS: tuple[Role, ...] = ("plan", "deploy")
FILE = Path(__file__).with_name("recorded.json")
ACCOUNT = "123456789012"
# Who works in the account; the roles' sessions are called `job`.
_SESSION = re.compile(r":assumed-role/acme-ml-ci-(plan|deploy)/job$")
_ID = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?:vpce|vpc|subnet|sgr|sg|rtb|fl|eni|d)-[0-9a-f]{8,}\b"
)
_CODE = re.compile(r"(?<=/code/)[0-9a-f]{16}(?=/)")
_LOOKED_AT = {key.lower() for condition in conditions().values() for key in condition.keys}
_WHOLE_KEY = parse(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        },
    },
    "a key's policy that leaves everything to IAM",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Question:
    """One question; `keys` are condition keys in lower case with their values."""

    action: str
    resource: str
    keys: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())

    def allowed(self, role: str, policies: tuple[Policy, ...]) -> bool:
        """Whether the role's policies allow it, where the key's own policy leaves that to them."""
        caller = Caller(role, ACCOUNT, "role", "job")
        request = Request(caller, self.action, self.resource, context=dict(self.keys))
        resource = _WHOLE_KEY if self.action.startswith("kms:") else None
        return decide(request, Layers(identity=policies, resource=resource)).allowed


def asked(questions: Iterable[Mapping[str, Any]]) -> dict[Role, list[Question]]:
    """The questions about each role, of what the embedded AWS says that it was asked; denied ones too."""
    found: dict[Role, set[Question]] = {"plan": set(), "deploy": set()}
    seen: dict[str, str] = {}
    for item in questions:
        session = _SESSION.search(item["principal"])
        # Whoever has credentials may ask who he is, and no policy can take that away.
        if session and item["action"] != "sts:GetCallerIdentity":
            keys = tuple(_keys(item["keys"], seen))
            question = Question(item["action"], _counted(item["resource"], seen), keys)
            found["plan" if session[1] == "plan" else "deploy"].add(question)
    return {kind: sorted(group) for kind, group in found.items()}


def _keys(given: Mapping[str, list[str]], seen: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    small = {key.lower(): tuple(sorted(_counted(value, seen) for value in values)) for key, values in given.items()}
    yield from sorted((key, values) for key, values in small.items() if key in _LOOKED_AT and values)


def _counted(resource: str, seen: dict[str, str]) -> str:
    """All ids of a kind are one: what is asked of them is the same."""

    def number(found: re.Match[str]) -> str:
        kind = found[0].partition("-")[0] if not re.match(r"[0-9a-f]{8}-", found[0]) else "key"
        return seen.setdefault(found[0], f"{kind}-1")

    return _CODE.sub("hash", _ID.sub(number, resource))


def read() -> dict[Role, list[Question]]:
    """The recorded questions."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    sets = [tuple((key, tuple(values)) for key, values in keys.items()) for keys in document["keys"]]
    found: dict[Role, list[Question]] = {}
    for kind in KINDS:
        found[kind] = [
            Question(action, resource, sets[int(number)])
            for action, by_keys in document[kind].items()
            for number, resources in by_keys.items()
            for resource in resources
        ]
    return found


def write(found: Mapping[Role, list[Question]]) -> None:
    """Writes recorded.json: the sets of condition keys; then action, number of a set, resources."""
    sets = sorted({question.keys for group in found.values() for question in group})
    document: dict[str, Any] = {"keys": [{key: list(values) for key, values in keys} for keys in sets]}
    for kind, group in found.items():
        document[kind] = {}
        for question in group:
            by_keys = document[kind].setdefault(question.action, {})
            by_keys.setdefault(str(sets.index(question.keys)), []).append(question.resource)
    FILE.write_text(json.dumps(document, indent=0) + "\n", encoding="utf-8")
