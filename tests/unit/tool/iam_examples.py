"""Short forms for requests and policies in tests of the evaluator."""

from __future__ import annotations

from typing import Any

from sagekeep.iam import Caller, Layers, Policy, Request, Verdict, decide, parse

ACCOUNT, FOREIGN = "111122223333", "444455556666"
USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/carlos", ACCOUNT, "user")
ROLE = Caller(f"arn:aws:iam::{ACCOUNT}:role/team/analyst", ACCOUNT, "role", "visit")
ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "root")
NOBODY = Caller("", "", "anonymous")
BUCKET = "arn:aws:s3:::carlos-logs"


def policy(*statements: dict[str, Any], origin: str = "policy", version: str = "2012-10-17") -> Policy:
    """A document of these statements; each allows everything on everything unless it says otherwise."""
    full = [{"Effect": "Allow", **_filled(statement)} for statement in statements]
    return parse({"Version": version, "Statement": full}, origin)


def _filled(statement: dict[str, Any]) -> dict[str, Any]:
    action = {} if {"Action", "NotAction"} & set(statement) else {"Action": "*"}
    resource = {} if {"Resource", "NotResource"} & set(statement) else {"Resource": "*"}
    return {**action, **resource, **statement}


def ask(
    caller: Caller = USER,
    action: str = "s3:GetObject",
    resource: str = f"{BUCKET}/key",
    owner: str = ACCOUNT,
    layers: Layers | None = None,
    **context: str | tuple[str, ...],
) -> Verdict:
    """The verdict on a request; in names of condition keys `__` stands for the colon."""
    keys = {name.replace("__", ":"): (value,) if isinstance(value, str) else value for name, value in context.items()}
    return decide(Request(caller, action, resource, owner, keys), layers or Layers())


def allows(*statements: dict[str, Any], **request: Any) -> bool:
    """Whether one identity policy of these statements allows the request."""
    return ask(layers=Layers(identity=(policy(*statements),)), **request).allowed
