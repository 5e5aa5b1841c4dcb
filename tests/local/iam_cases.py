"""Requests with their policies, generated from a seed to catch two evaluators disagreeing.

A case is plain JSON, so that another process can judge it. Elements are mostly cut from the request itself and then
bent: wildcards, other case, variables, one character off. So statements often almost apply.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.local.iam_vocabulary import (
    ACCOUNT,
    ACTIONS,
    CALLERS,
    ENDPOINT,
    FOREIGN,
    GLOBAL,
    KEYS,
    OPERATORS,
    OTHER_VALUES,
    REGION,
    RESOURCES,
    SETS,
    SWAPS,
    VPC,
)

Case = dict[str, Any]
Document = dict[str, Any]


def cases(count: int, seed: int) -> list[Case]:
    """So many cases; the same seed gives the same ones."""
    maker = _Maker(random.Random(seed))  # noqa: S311 - no secret
    return [maker.case() for _ in range(count)]


def trust_cases(count: int, seed: int) -> list[Case]:
    """Requests to assume a role, of callers who may; the role's trust policy decides."""
    maker = _Maker(random.Random(seed))  # noqa: S311 - no secret
    return [maker.trust_case() for _ in range(count)]


def caller_arn(caller: Mapping[str, str]) -> str:
    """The ARN of a case's role or user; a service's principal."""
    if caller["kind"] in ("role", "user"):
        return f"arn:aws:iam::{ACCOUNT}:{caller['kind']}{caller['path']}{caller['name']}"
    return caller["name"]


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._case: Case = {}

    def case(self) -> Case:
        dice = self._dice
        service = dice.choice(("s3", "s3", "s3", "kms", "sqs", "sns", "sagemaker", "sagemaker"))
        caller = dice.choice(CALLERS[: 6 if service == "s3" else 5 if service in ("kms", "sqs", "sns") else 4])
        resource = dice.choice(RESOURCES[service]) if dice.random() < 0.4 else RESOURCES[service][0]
        owner = resource.split(":")[4] if resource.count(":") >= 5 else ""
        self._case = {
            "service": service,
            "caller": caller,
            "action": dice.choice(ACTIONS[service]),
            "resource": resource,
            "owner": owner or (FOREIGN if service == "s3" and dice.random() < 0.2 else ACCOUNT),
            "endpoint": None,
        }
        person = caller["kind"] in ("role", "user")
        through = caller["kind"] != "service" and dice.random() < 0.3
        self._case["context"] = self._context(caller, through=through)
        several = dice.choice((1, 1, 2))
        self._case["identity"] = [self._document("I") for _ in range(several)] if person else []
        self._case["boundary"] = self._document("B") if person and dice.random() < 0.3 else None
        self._case["session"] = self._document("S") if caller["kind"] == "role" and dice.random() < 0.2 else None
        kept = service in ("s3", "kms", "sqs", "sns") and resource != "*"
        self._case["resource_policy"] = self._document("R") if kept and (not person or dice.random() < 0.6) else None
        self._case["endpoint"] = self._document("E") if through else None
        return self._case

    def trust_case(self) -> Case:
        caller = self._dice.choice(CALLERS[:4])
        role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
        self._case = {"service": "sts", "caller": caller, "action": "sts:AssumeRole", "resource": role}
        self._case |= {"owner": ACCOUNT, "boundary": None, "session": None, "endpoint": None}
        self._case["context"] = self._context(caller, through=False)
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self._case["identity"] = [{"Version": "2012-10-17", "Statement": everything}]
        trust = self._document("R")
        for statement in trust["Statement"]:
            statement.pop("Resource", statement.pop("NotResource", None))
            if "NotPrincipal" in statement:  # a trust policy takes none
                statement["Principal"] = statement.pop("NotPrincipal")
        self._case["resource_policy"] = trust
        return self._case

    def _context(self, caller: Mapping[str, str], *, through: bool) -> dict[str, list[str]]:
        dice = self._dice
        context = {key: [dice.choice(values)] for key, (_, values) in KEYS.items() if dice.random() < 0.6}
        for key, (_, values) in SETS.items():
            if dice.random() < 0.7:
                context[key] = dice.sample(values, dice.randint(0, min(3, len(values))))
        if not person_of(caller):
            context.pop("aws:PrincipalTag/team", None)
        context["aws:SecureTransport"] = ["true" if through else dice.choice(("true", "false"))]
        context["aws:RequestedRegion"] = [REGION]
        context |= (
            {"aws:SourceVpc": [VPC], "aws:SourceVpce": [ENDPOINT]} if through else {"aws:SourceIp": ["192.0.2.9"]}
        )
        if caller["kind"] == "service":
            context["aws:SecureTransport"] = ["true"]
            del context["aws:SourceIp"]
        if caller["kind"] == "role":
            context["aws:userid"] = [f"AROA{caller['name'].upper()}:{caller['session']}"]
            context["aws:MultiFactorAuthPresent"] = ["false"]
            context["aws:TokenIssueTime"] = ["2023-11-14T22:13:20Z"]
        if caller["kind"] == "user":
            context["aws:userid"] = ["AIDA" + caller["name"].upper()]
        return context

    def _document(self, letter: str) -> Document:
        count = self._dice.choice((1, 2, 2, 3))
        statements = [self._statement(f"{letter}{number}", named=letter in "RE") for number in range(count)]
        if (letter in "BSE" and self._dice.random() < 0.5) or (letter == "I" and self._dice.random() < 0.2):
            everything: Document = {"Sid": f"{letter}All", "Effect": "Allow", "Action": "*", "Resource": "*"}
            statements.append(everything | ({"Principal": "*"} if letter == "E" else {}))
        return {"Version": "2012-10-17", "Statement": statements}

    def _statement(self, sid: str, *, named: bool) -> Document:
        dice = self._dice
        statement: Document = {"Sid": sid, "Effect": "Allow" if dice.random() < 0.72 else "Deny"}
        statement |= self._element("Action", self._action, others=("s3:Put*", "kms:*", "sts:*", "*:Create*"))
        statement |= self._element("Resource", self._resource, others=("arn:aws:s3:::other/*", "arn:aws:sqs:*:*:*"))
        if named:
            statement |= self._principal(statement["Effect"])
        blocks: dict[str, dict[str, Any]] = {}
        for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
            operator, key, values = self._condition()
            blocks.setdefault(operator, {})[key] = values
        return statement | ({"Condition": blocks} if blocks else {})

    def _element(self, name: str, bend: Callable[[], str], others: Sequence[str]) -> Document:
        dice = self._dice
        values = [bend() if dice.random() < 0.8 else dice.choice(others) for _ in range(dice.choice((1, 1, 2, 3)))]
        if dice.random() < 0.15:
            return {f"Not{name}": [dice.choice(others), *values[1:]]}
        return {name: values[0] if len(values) == 1 and dice.random() < 0.5 else values}

    def _action(self) -> str:
        prefix, _, name = self._case["action"].partition(":")
        bent = self._dice.choice((name, name, name, name.lower(), "*", name[:3] + "*", "?" + name[1:], "*" + name[-4:]))
        return self._dice.choice((f"{prefix}:{bent}", f"{prefix.upper()}:{bent}", "*"))

    def _resource(self) -> str:
        text = self._case["resource"]
        if text == "*" or self._dice.random() < 0.15:
            return self._dice.choice(("*", "*", "arn:aws:*", "arn:aws:s3:::data/*"))
        return self._bent(text, keep=5)

    def _bent(self, text: str, keep: int = 0) -> str:
        """The text, exactly or as a pattern that nearly matches it; variables only after `keep` colons."""
        start = self._dice.randrange(len(text) + 1)
        end = self._dice.randint(start, len(text))
        head, tail = _cut(text, keep)
        literal = tail.replace("*", "${*}").replace("?", "${?}")
        variable = tail.replace(*self._dice.choice(SWAPS))
        ways = (
            text[:start] + "*" + text[end:],
            text[:start] + "*",
            text[:start] + "?" + text[start + 1 :],
            text[:start] + text[start:].swapcase(),
            head + literal,
            head + variable,
        )
        return self._dice.choice((*ways, text, text, text))

    def _principal(self, effect: str) -> Document:
        dice = self._dice
        caller = self._case["caller"]
        other = f"arn:aws:iam::{FOREIGN}:root"
        root = f"arn:aws:iam::{ACCOUNT}:root"
        own: list[Any] = [
            "*", {"AWS": "*"}, {"AWS": root}, {"AWS": ACCOUNT}, {"AWS": [other, root]}, {"AWS": other},
            {"Service": ["logs.amazonaws.com", "s3.amazonaws.com"]}, {"Service": "s3.amazonaws.com"},
        ]  # fmt: skip
        if person_of(caller):
            arn = caller_arn(caller)
            session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{caller['name']}/{caller.get('session', 'x')}"
            role = f"arn:aws:iam::{ACCOUNT}:role/{caller['name']}"
            named = (arn, arn, arn.swapcase(), session, session + "2", role)
            own += [{"AWS": one} for one in named] + [{"AWS": [other, session]}]
            lists = ([arn, root], [arn], [root], [session, arn, root], [session, root], [other])
            if effect == "Deny" and dice.random() < 0.3:
                return {"NotPrincipal": {"AWS": dice.choice(lists)}}
        elif caller["kind"] == "service" and dice.random() < 0.6:
            return {"Principal": {"Service": caller["name"]}}
        elif effect == "Deny" and dice.random() < 0.3:
            return {"NotPrincipal": dice.choice(({"Service": "logs.amazonaws.com"}, {"AWS": root}))}
        return {"Principal": dice.choice(own)}

    def _condition(self) -> tuple[str, str, Any]:
        dice = self._dice
        key, kind, actual, is_set = self._key()
        written = dice.choice((key, key.lower(), key.swapcase()))
        if dice.random() < 0.12:
            return "Null", written, dice.choice(("true", "false", True, ["true", "false"], ["false"]))
        operator = dice.choice(OPERATORS[kind])
        if dice.random() < 0.25:
            operator += "IfExists"
        if is_set or dice.random() < 0.1:
            operator = dice.choice(("ForAllValues:", "ForAnyValue:")) + operator
        values = [self._value(kind, actual) for _ in range(dice.choice((1, 1, 2, 3)))]
        return operator, written, values[0] if len(values) == 1 and dice.random() < 0.5 else values

    def _key(self) -> tuple[str, str, Sequence[str], bool]:
        dice = self._dice
        context: Mapping[str, list[str]] = self._case["context"]
        pool = dice.choice(("one", "one", "set", "global"))
        if pool == "global":
            key = dice.choice(list(GLOBAL))
            return key, GLOBAL[key], context.get(key, ()) or self._derived(key), False
        known = SETS if pool == "set" else KEYS
        key = dice.choice(list(known))
        return key, known[key][0], context.get(key, ()), pool == "set"

    def _derived(self, key: str) -> Sequence[str]:
        caller = self._case["caller"]
        return {
            "aws:PrincipalArn": (caller_arn(caller), f"arn:aws:sts::{ACCOUNT}:assumed-role/{caller['name']}/job"),
            "aws:PrincipalAccount": (ACCOUNT, "anonymous"),
            "aws:PrincipalType": ("AssumedRole", "User", "Anonymous"),
            "aws:PrincipalServiceName": ("logs.amazonaws.com",),
            "aws:ResourceAccount": (ACCOUNT, FOREIGN),
            "aws:username": ("bob", "Bob"),
            "aws:userid": ("anonymous",),
        }.get(key, ())

    def _value(self, kind: str, actual: Sequence[str]) -> str:
        dice = self._dice
        if actual and dice.random() < 0.6:
            value = dice.choice(actual)
            if kind in ("String", "Arn"):
                return self._bent(value)
            if value not in ("many", "soon", "nowhere", "True"):
                return value
        return dice.choice(OTHER_VALUES[kind])


def person_of(caller: Mapping[str, str]) -> bool:
    """Whether the caller has policies of its own."""
    return caller["kind"] in ("role", "user")


def _cut(text: str, colons: int) -> tuple[str, str]:
    parts = text.split(":", colons)
    head = ":".join(parts[:colons])
    return (head + ":" if len(parts) > colons and colons else "", parts[-1] if colons else text)
