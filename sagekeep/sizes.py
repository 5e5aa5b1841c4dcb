"""What is synthesized, measured against AWS's limits: what AWS would refuse at apply is a fault of the settings.

Ids that only AWS knows have their greatest length, so that what passes here is never refused for its size.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep import limits
from sagekeep.limits import Limit
from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault

Document = Mapping[str, Any]

_DOCUMENT = re.compile(r"\$\{data\.aws_iam_policy_document\.(\w+)\.(?:minified_)?json\}")
_EXPRESSION = re.compile(r"\$\{([^}]*)\}")
_BEGINNING = re.compile(r"substr\(.*, 0, (\d+)\)")
_ELEMENT = re.compile(r"element\(([\w.]+)_ids, \d+\)")
_REFERENCE = re.compile(r"(?:data\.)?[a-z]\w*(?:\.\w+|\[[^\]]*\])+")
# Greatest length of what an attribute whose name ends so resolves to. ARNs of AWS GovCloud and China are the longest.
_LENGTHS = (
    ("subnet_ids", 6 * len('"subnet-0123456789abcdef0",')),
    ("_ids", 6 * len('"subnet-0123456789abcdef0",')),
    ("domain_id", 63),
    ("key_arn", len("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef")),
    ("_id", len("subnet-0123456789abcdef0")),
    (".id", len("subnet-0123456789abcdef0")),
)
_LONGEST = 170  # of any other: an ARN with a name of 64 characters and a path
_UNITS = {"dense": " characters without white space", "number": ""}
_ELEMENTS = {
    "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource",
}  # fmt: skip
# Settings that are lists, of whose entries policies and patterns are made.
_LISTS = (
    "alerts.email_domains", "alerts.emails", "deploy.data_writers", "deploy.plan_roles", "deploy.roles",
    "detection.emails", "functions.code_signing_profile_arns", "keys.administrators",
    "personas.administrator.principals", "personas.auditor.principals", "personas.data_scientist.principals",
    "personas.ml_engineer.principals", "studio.sign_in_cidrs", "studio.users",
)  # fmt: skip
_TEXTS = ("prefix", "iam.role_path", "pipeline.name", "environment")


@dataclass(frozen=True)
class Excess:
    """An argument that is too large, with its text, where every id has its greatest length."""

    address: str
    limit: Limit
    size: int
    text: str


def faults(settings: Settings, stacks: Mapping[str, Document]) -> list[Fault]:
    """What AWS would refuse of the stacks' Terraform: for each setting that makes it so, the worst."""
    found: dict[str, tuple[int, Fault]] = {}
    for stack, document in stacks.items():
        for excess in excesses(stack, document):
            fitting, fault = _fault(settings, excess)
            if fault.key not in found or fitting < found[fault.key][0]:
                found[fault.key] = fitting, fault
    return [fault for _, fault in found.values()]


def excesses(stack: str, document: Document) -> Iterator[Excess]:
    """Every argument of a stack that is larger than AWS takes."""
    for kind, bodies in document.get("resource", {}).items():
        for name, body in bodies.items():
            for argument, value in body.items():
                rows = limits.by_argument().get(f"{kind}.{argument}", ())
                text = _text(value, document) if rows else ""
                for limit in rows:
                    if (size := limit.size(text)) > limit.most:
                        yield Excess(f"{stack}: {kind}.{name}", limit, size, text)
    yield from _crowds(stack, document)


def _crowds(stack: str, document: Document) -> Iterator[Excess]:
    """Things of which one other thing has too many: managed policies of a role, rules of a group in one direction."""
    resources = document.get("resource", {})
    rules = [f"aws_vpc_security_group_{way}_rule" for way in ("ingress", "egress")]
    counted = {
        **dict.fromkeys(rules, ("rules-of-a-group", "security_group_id")),
        "aws_iam_role_policy_attachment": ("policies-of-a-role", "role"),
    }
    for kind, (row, owner) in counted.items():
        owners = Counter(str(body[owner]) for body in resources.get(kind, {}).values())
        for name, number in owners.items():
            if number > limits.most(row):
                yield Excess(f"{stack}: {kind} of {name}", limits.limits()[row], number, "")


def _text(value: Any, document: Document) -> str:
    """The argument as AWS gets it, at its longest."""
    if not isinstance(value, str):
        return json.dumps(_longest(value, document), separators=(",", ":"))
    found = _DOCUMENT.fullmatch(value)
    if found is None:
        return str(_longest(value, document))
    block = document["data"]["aws_iam_policy_document"][found[1]]
    statements = [_statement(_longest(statement, document)) for statement in block.get("statement", ())]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    """As the provider writes it: a list of one stands without its brackets."""
    made: dict[str, Any] = {"Sid": block["sid"], "Effect": block["effect"]}
    made |= {element: _one(block[name]) for name, element in _ELEMENTS.items() if block.get(name)}
    if principals := {p["type"]: _one(p["identifiers"]) for p in block.get("principals", ())}:
        made["Principal"] = "*" if "*" in principals else principals
    conditions: dict[str, dict[str, Any]] = {}
    for c in block.get("condition", ()):
        conditions.setdefault(c["test"], {})[c["variable"]] = _one(c["values"])
    return made | ({"Condition": conditions} if conditions else {})


def _one(texts: Any) -> Any:
    return texts[0] if isinstance(texts, list) and len(texts) == 1 else texts


def _longest(value: Any, document: Document) -> Any:
    if isinstance(value, Mapping):
        return {name: _longest(item, document) for name, item in value.items() if name != "//"}
    if isinstance(value, list):
        return [_longest(item, document) for item in value]
    if not isinstance(value, str):
        return value
    return _EXPRESSION.sub(lambda found: _resolved(found[1], document), value)


def _resolved(expression: str, document: Document) -> str:
    """Every reference of an expression at its longest, one behind the other; of a list, `element` takes one."""
    if beginning := _BEGINNING.fullmatch(expression):
        return "x" * int(beginning[1])
    expression = _ELEMENT.sub(r"\1_id", expression)
    return ",".join(_reference(found, document) for found in _REFERENCE.findall(expression)) or "x" * len(expression)


def _reference(text: str, document: Document) -> str:
    kind, _, rest = text.partition(".")
    name, _, attribute = rest.partition(".")
    known = document.get("resource", {}).get(kind, {}).get(name, {}).get(attribute)
    if isinstance(known, str) and "${" not in known:
        return known
    return "x" * next((length for end, length in _LENGTHS if text.endswith(end)), _LONGEST)


def _fault(settings: Settings, excess: Excess) -> tuple[int, Fault]:
    """The fault of the list that adds most to the size, after how many of its entries fit."""
    limit = excess.limit
    unit = _UNITS.get(limit.counts, f" {limit.counts}")
    what = f"{excess.address}: {limit.what} may have {limit.most:,}{unit}, and has {excess.size:,}"
    costs = {key: _costs(settings, key, excess) for key in _LISTS}
    key = max(costs, key=lambda name: sum(costs[name]))
    if not sum(costs[key]):
        longest = max(_TEXTS, key=lambda name: sum(_costs(settings, name, excess)))
        return 0, Fault(longest, f"makes a name or policy too long. {what}", *_value(settings, longest))
    fitting = _fitting(costs[key], excess.size - limit.most)
    advice = f"; {limit.advice}" if limit.advice else ""
    rule = f"has {len(costs[key])} entries, of which the first {fitting} fit{advice}. {what}"
    return fitting, Fault(key, rule, _first(_value(settings, key)))


def _costs(settings: Settings, key: str, excess: Excess) -> list[int]:
    """What each entry of a list adds to the size."""
    entries = map(_told, _value(settings, key))
    if excess.limit.counts == "wildcards":
        return [excess.text.count(text) * text.count("*") for text in entries]
    return [_characters(excess.text, text) for text in entries]


def _characters(document: str, text: str) -> int:
    """Of a text with what stands around it: quotes and a comma, of a mail domain `*@` besides, in a list a comma."""
    quoted, mail = document.count(f'"{text}"'), document.count(f'"*@{text}"')
    other = document.count(text) - quoted - mail
    return quoted * (len(text) + 3) + mail * (len(text) + 5) + other * (len(text) + 1)


def _told(entry: str) -> str:
    """How an entry stands in a document: of an address its domain."""
    return entry.rpartition("@")[2] if "@" in entry and ":" not in entry else entry


def _value(settings: Settings, key: str) -> Iterable[str]:
    found: Any = settings
    for name in key.split("."):
        found = getattr(found, name)
    return (found,) if isinstance(found, str) else tuple(found)


def _fitting(costs: list[int], excess: int) -> int:
    """How many entries fit, from the first."""
    kept = len(costs)
    while kept and excess > 0:
        kept -= 1
        excess -= costs[kept]
    return kept


def _first(entries: Iterable[str]) -> list[str]:
    """Enough of a long list to know it by."""
    found = list(entries)
    return found if len(found) <= 3 else [*found[:3], "..."]
