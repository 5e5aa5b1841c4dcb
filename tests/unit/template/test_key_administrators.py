"""Who may change a key, whatever IAM allows them: the settings' administrators and who deploys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from policies import keys
from policies.statement import Statement
from sagekeep.iam import Caller, Layers, Request, decide, parse
from sagekeep.settings import Settings
from sagekeep.settings import parse as settings_of

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
ADMINISTRATOR, DEPLOYER, ANYBODY = (
    Caller(f"arn:aws:iam::{ACCOUNT}:role/{name}", ACCOUNT, "role") for name in ("key-admins", "deployer", "anybody")
)
DOCUMENT = {
    "prefix": "acme",
    "account_id": ACCOUNT,
    "region": "us-east-1",
    "deploy": {"roles": [DEPLOYER.arn]},
    "keys": {"administrators": [ADMINISTRATOR.arn]},
}
CHANGES = [action for action in keys.ADMINISTRATION if action not in keys.LOOKING]
EVERYTHING = parse({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "identity")


def _document(statements: list[Statement]) -> dict[str, Any]:
    found = []
    for s in statements:
        conditions: dict[str, dict[str, list[str]]] = {}
        for c in s.conditions:
            conditions.setdefault(c.test, {})[c.variable] = list(c.values)
        principal: Any = {p.type: list(p.identifiers) for p in s.principals}
        found.append(
            {
                "Sid": s.sid,
                "Effect": s.effect,
                "Principal": "*" if "*" in principal else principal,
                "Action": list(s.actions),
                "Resource": list(s.resources),
                "Condition": conditions,
            }
        )
    return {"Version": "2012-10-17", "Statement": found}


def _may(s: Settings, statements: Callable[[Settings], list[Statement]], caller: Caller, action: str) -> bool:
    layers = Layers(identity=(EVERYTHING,), resource=parse(_document(statements(s)), "key"))
    return decide(Request(caller, action, KEY, ACCOUNT, {}), layers).allowed


@pytest.mark.parametrize("key", [keys.data_key, keys.logs_key, keys.studio_key, keys.state_key])
def test_with_administrators_only_they_and_who_deploys_change_keys(key: Any) -> None:
    s = settings_of(DOCUMENT, environment="test")
    for action in CHANGES:
        assert _may(s, key, ADMINISTRATOR, action), action
        assert _may(s, key, DEPLOYER, action), action
        assert not _may(s, key, ANYBODY, action), action
    for action in keys.LOOKING:
        assert _may(s, key, ANYBODY, action), action


def test_without_administrators_iam_says_who() -> None:
    s = settings_of({**DOCUMENT, "keys": {}}, environment="test")
    assert all(_may(s, keys.data_key, ANYBODY, action) for action in keys.ADMINISTRATION)
    assert not _may(s, keys.data_key, ANYBODY, "kms:Decrypt")
