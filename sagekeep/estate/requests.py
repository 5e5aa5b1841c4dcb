"""Requests that a statement speaks of: what it allows, or what it denies, one by one.

A policy of somebody else's says in its own words what ours would say. So the two are not compared as texts: the
requests that our statement allows must be allowed by theirs, and those that ours denies must be denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from sagekeep.iam import operators, patterns
from sagekeep.iam.document import Condition, Statement
from sagekeep.iam.evaluate import covers
from sagekeep.iam.principals import Naming, naming
from sagekeep.iam.replaced import replacement
from sagekeep.iam.request import Caller, Request

# Actions behind a wildcard of ours, as IAM's Service Authorization Reference lists them.
_BEHIND = {
    "kms:Describe*": ("kms:DescribeKey",),
    "kms:GenerateDataKey*": ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
    "kms:ReEncrypt*": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "s3:*": ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
    "s3:DeleteObject*": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetObject*": ("s3:GetObject", "s3:GetObjectVersion"),
    "s3:ListBucket*": ("s3:ListBucket", "s3:ListBucketVersions"),
}
_OF_OBJECTS = re.compile(r"s3:(AbortMultipartUpload|ListMultipartUploadParts|\w+Object\w*)")
_VARIABLE = re.compile(r"\$\{([\w:/.-]+)\}")
_ACCOUNTS = ("aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount")
_ARN = "aws:principalarn"
_NOT_YET_KNOWN = "WhatIsNotYetKnown"
_ANOTHER_ACCOUNT = "999999999999"


@dataclass(frozen=True)
class Asked:
    """Where the requests are made.

    Attributes:
        caller: who makes them; None for whomever the statement names.
        context: condition keys that every request has.
    """

    account: str
    partition: str = "aws"
    caller: Caller | None = None
    context: Mapping[str, tuple[str, ...]] | None = None

    def role(self, name: str) -> Caller:
        """A role of the account."""
        return Caller(f"arn:{self.partition}:iam::{self.account}:role/{name}", self.account, "role")


def caller_of(arn: str, account: str) -> Caller:
    """Whoever an ARN of IAM names; a wildcard stands for some name."""
    plain = arn.replace("*", "some").replace("?", "s")
    return Caller(plain, plain.split(":")[4] or account, "user" if ":user/" in plain else "role")


def requests_of(statement: Statement, asked: Asked) -> list[Request]:
    """Requests that the statement covers: each action, each caller that it names, each value that it takes.

    Raises:
        ValueError: a condition of the statement is of a kind that nobody taught this module.
    """
    facts = _facts(statement, asked)
    statement = _filled(statement, facts)
    calls = [(action, on) for action in _actions(statement) for on in _resources(statement, action)]
    callers = list(_callers(statement, asked))
    usual, others = _contexts(statement)
    context = {**(asked.context or {}), **facts, **usual}
    made = [Request(who, action, on, "", context) for who, (action, on) in product(callers, calls)]
    made += [replace(made[0], context={**context, **other}) for other in others]
    for request in made:
        if not covers(statement, request) or (statement.principals and naming(statement, request.caller) is Naming.NOT):
            raise ValueError(f"{statement.sid}: no request is known that it covers ({request})")
    return made


def _facts(statement: Statement, asked: Asked) -> dict[str, tuple[str, ...]]:
    """A value for each policy variable: any will do."""
    texts = [*statement.resources, *statement.not_resources, *(v for c in statement.conditions for v in c.values)]
    caller = asked.caller.arn.rsplit("/", 1)[-1] if asked.caller else "some"
    return {name: (caller,) for text in texts for name in _VARIABLE.findall(text)}


def _filled(statement: Statement, facts: Mapping[str, tuple[str, ...]]) -> Statement:
    def fill(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(_VARIABLE.sub(lambda found: facts[found[1]][0], text) for text in texts)

    return replace(
        statement,
        resources=fill(statement.resources),
        not_resources=fill(statement.not_resources),
        conditions=tuple(replace(c, values=fill(c.values)) for c in statement.conditions),
    )


def _actions(statement: Statement) -> Iterator[str]:
    for action in statement.actions:
        yield from _BEHIND.get(action, (action.replace("*", ""),))
    yield from dict.fromkeys(_beside(statement.not_actions))


def _beside(listed: Sequence[str]) -> Iterator[str]:
    """Actions that a list leaves out: of a service that it does not name, and one for each verb that it spells out."""
    if listed:
        yield f"some-service:{_NOT_YET_KNOWN}"
    for service, _, name in (action.partition(":") for action in listed):
        if verb := re.match(r"[A-Z][a-z]+(?=[A-Z])", name):
            action = f"{service}:{verb[0]}{_NOT_YET_KNOWN}"
            if not any(patterns.action(action, pattern) for pattern in listed):
                yield action


def _resources(statement: Statement, action: str) -> Iterator[str]:
    """ARNs that the action may be about; `*` where the statement has no resource, as in trust policies."""
    if statement.not_resources:
        bucket = statement.not_resources[0].split("/")[0]
        yield bucket if action.startswith("s3:") and not _OF_OBJECTS.fullmatch(action) else f"{bucket}/elsewhere/some"
        return
    for resource in statement.resources or ("*",):
        of_object = ":s3:::" in resource and "/" in resource
        if ":s3:::" not in resource or of_object == bool(_OF_OBJECTS.fullmatch(action)):
            yield resource if resource == "*" else resource.replace("*", "some").replace("?", "s")


def _callers(statement: Statement, asked: Asked) -> Iterator[Caller]:
    if asked.caller:
        yield asked.caller
        return
    services = [name for kind, name in statement.principals if kind == "Service"]
    yield from (Caller(name, "", "service") for name in services)
    if services:
        return
    named = [
        c for c in statement.conditions if c.key.lower() == _ARN and not operators.find(c.operator).operator.negated
    ]
    if not named:
        yield asked.role("somebody-else")
    for condition in named:
        yield from (caller_of(value, asked.account) for value in condition.values)


def _contexts(statement: Statement) -> tuple[dict[str, tuple[str, ...]], list[dict[str, tuple[str, ...]]]]:
    """A context in which every condition holds, and for each further value of a condition what to change in it.

    What is allowed with or without a key is asked for without it too. Where ours name a condition key by an old name
    as well, the request has the present one, as AWS documents it.
    """
    usual: dict[str, tuple[str, ...]] = {}
    others: list[dict[str, tuple[str, ...]]] = []
    for condition in statement.conditions:
        key, if_exists = condition.key.lower(), operators.find(condition.operator).if_exists
        if key == _ARN or (if_exists and replacement(key)):
            continue
        if condition.operator == "Null":
            if condition.values == ("false",):
                usual.setdefault(key, ("some",))
            continue
        first, *more = _values(condition)
        usual[key] = (first,)
        others += [{key: (value,)} for value in more]
        others += [{key: ()}] if if_exists and statement.effect == "Allow" else []
    return usual, others


def _values(condition: Condition) -> list[str]:
    """Values of the key with which the condition holds."""
    if operators.find(condition.operator).operator.negated:
        return [_another(condition)]
    return [value.replace("*", "some").replace("?", "s") for value in condition.values]


def _another(condition: Condition) -> str:
    """A value that is none of the condition's."""
    key = condition.key.lower()
    if key in _ACCOUNTS:
        return _ANOTHER_ACCOUNT
    if key == "aws:sourcevpc":
        return "vpc-00000000000000000"
    if key == "s3:x-amz-server-side-encryption":
        return "AES256"
    return f"another-{condition.values[0].rsplit('/', 1)[-1]}"
