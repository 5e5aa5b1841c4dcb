"""The policies in a plan's changes: whose they are, and their documents before and after.

A document that holds an id of something that is made by the same plan is unknown; then the statements of the
`aws_iam_policy_document` that it comes from are taken, where only the id is.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.review.differences import at, with_unknown
from sagekeep.review.masking import CHANGED, MASK, UNKNOWN
from sagekeep.review.model import INDEX, Change, Plan, unindexed

_DOCUMENT = "data.aws_iam_policy_document."


@dataclass(frozen=True)
class Kind:
    """Where a type of resource holds a policy.

    Attributes:
        attribute: that holds the document.
        of: what the policy governs, such as "bucket".
        subject: attribute that names what it is attached to, "" where that is the resource itself.
        trust: who may take on a role.
        default: document that holds where there is none; "full" allows everything, "none" nothing.
    """

    type: str
    attribute: str
    of: str
    subject: str = ""
    trust: bool = False
    default: str = "none"


@dataclass(frozen=True)
class Attached:
    """A policy that a change touches.

    Attributes:
        before: the document, `{}` for none; None where it cannot be read.
        after: the same.
        fresh: what it is attached to is made by the same plan.
        moves: it leaves what it was attached to, for something else.
    """

    change: Change
    kind: Kind
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    fresh: bool
    moves: bool = False

    @property
    def nothing(self) -> Mapping[str, Any]:
        """What holds without a document."""
        return _FULL if self.kind.default == "full" else {}


@cache
def kinds() -> Mapping[str, tuple[Kind, ...]]:
    """The table, by type of resource."""
    content = tomllib.loads((Path(__file__).parents[1] / "data" / "policies.toml").read_text(encoding="utf-8"))
    found: dict[str, tuple[Kind, ...]] = {}
    for row in content["policy"]:
        kind = Kind(**row)
        found[kind.type] = (*found.get(kind.type, ()), kind)
    return found


def attached(plan: Plan, change: Change, makes: Callable[[str, Any], bool]) -> Iterator[Attached]:
    """Policies that the change makes, alters or takes away; `makes` tells whether the plans make what one is for."""
    for kind in kinds().get(change.type, ()):
        if change.action == "update" and _stated(change.before, kind.attribute) == known(change, kind.attribute):
            continue
        old = _document(_stated(change.before, kind.attribute), kind) if change.action != "create" else {}
        new = _after(plan, change, kind) if change.action != "delete" else _document("", kind)
        if change.destroys and not kind.subject and change.action == "delete":
            continue  # with what it governs
        moves = _moves(change, kind)
        if old == new and old is not None and not moves:
            continue
        yield Attached(change, kind, old, new, _is_fresh(plan, change, kind, makes), moves)


def _document(text: Any, kind: Kind) -> Mapping[str, Any] | None:
    if text in (None, ""):
        return _FULL if kind.default == "full" else {}
    if text in (MASK, CHANGED, UNKNOWN):
        return None
    try:
        content = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    return content if isinstance(content, Mapping) else None


_FULL: Mapping[str, Any] = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


def known(change: Change, attribute: str) -> Any:
    """The value after the change; UNKNOWN where it is known after the apply."""
    return _stated(with_unknown(change.after, change.unknown), attribute)


def _stated(values: Mapping[str, Any], attribute: str) -> Any:
    """A document; of blocks (`inline_policy[].policy`) one that holds the statements of all."""
    name, blocks, each = attribute.partition("[].")
    found = at(values, name)
    if not blocks or not isinstance(found, list) or not found:
        return found
    texts = [block.get(each) if isinstance(block, Mapping) else block for block in found]
    try:
        return {"Version": "2012-10-17", "Statement": [one for text in texts if text for one in _listed(text)]}
    except (AttributeError, ValueError, TypeError):
        return UNKNOWN if UNKNOWN in texts else MASK


def _listed(text: str) -> list[Any]:
    stated = json.loads(text).get("Statement")
    return stated if isinstance(stated, list) else [stated]


def _after(plan: Plan, change: Change, kind: Kind) -> Mapping[str, Any] | None:
    text = known(change, kind.attribute)
    if text != UNKNOWN:
        return _document(text, kind)
    arguments = plan.references.get(unindexed(change.address))
    references = (arguments or {}).get(kind.attribute.partition("[")[0], ())
    if arguments is None:  # a plan without its configuration: whoever sets it, nobody knows what it will be
        return None
    if not references:  # nobody sets it: the provider reads back what another resource attaches
        return _document(_stated(change.before, kind.attribute), kind)
    return _planned(plan, change, references)


def _planned(plan: Plan, change: Change, references: tuple[str, ...]) -> Mapping[str, Any] | None:
    """The statements of the data source that the document comes from; None where it is not one alone."""
    module = _module(unindexed(change.address))
    wanted = {".".join(unindexed(name).split(".")[:3]) for name in references if name.startswith(_DOCUMENT)}
    found = plan.documents.get(module + wanted.pop(), ()) if len(wanted) == 1 else ()
    indexes = INDEX.findall(change.address)
    mine = [data for data in found if len(found) == 1 or INDEX.findall(data.address) == indexes]
    if len(mine) != 1:
        return None
    content = with_unknown(mine[0].after, mine[0].unknown)
    blocks = content.get("statement")
    if not isinstance(blocks, list) or any(content.get(name) for name in _MERGED):
        return None
    try:
        return {"Version": "2012-10-17", "Statement": [_statement(block) for block in blocks]}
    except (AttributeError, KeyError, TypeError):  # a block or a list of blocks is known after the apply
        return None


def _module(address: str) -> str:
    """`module.a.module.b.` of an address in it; "" in the root."""
    words = address.split(".")
    count = 0
    while words[count : count + 1] == ["module"]:
        count += 2
    return "".join(f"{word}." for word in words[:count])


def renamed(document: Mapping[str, Any], owner: Change) -> Mapping[str, Any]:
    """The document as it would be if what it governs had its new name already: only other differences remain."""
    text = json.dumps(document)
    for attribute in _NAMES:
        old, new = owner.before.get(attribute), owner.after.get(attribute)
        if isinstance(old, str) and isinstance(new, str) and old and new and old != new:
            text = text.replace(old, new)
    made: Mapping[str, Any] = json.loads(text)
    return made


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block of the data source as a statement."""
    names = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
    made: dict[str, Any] = {"Sid": block.get("sid") or "", "Effect": block.get("effect") or "Allow"}
    made |= {there: _texts(block[here]) for here, there in names.items() if block.get(here)}
    for here, there in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(here):
            made[there] = _principals(block[here])
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in block.get("condition") or ():
        conditions.setdefault(one["test"], {})[one["variable"]] = _texts(one["values"])
    return made | ({"Condition": conditions} if conditions else {})


def _texts(value: Any) -> list[str]:
    return [UNKNOWN if item is None else str(item) for item in value] if isinstance(value, list) else [UNKNOWN]


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return {"AWS": UNKNOWN}
    found: dict[str, list[str]] = {}
    for block in blocks:
        found.setdefault(block["type"], []).extend(_texts(block["identifiers"]))
    return "*" if found.get("*") else found


def _moves(change: Change, kind: Kind) -> bool:
    old, new = at(change.before, kind.subject), at(change.after, kind.subject)
    return bool(change.action == "replace" and kind.subject and old and new and old != new)


def _is_fresh(plan: Plan, change: Change, kind: Kind, makes: Callable[[str, Any], bool]) -> bool:
    """Whether what the policy governs does not exist yet."""
    if not kind.subject:
        return change.action == "create"
    if at(change.unknown, kind.subject) is not True:
        return makes(kind.subject, at(change.after, kind.subject))
    # What is looked up in the apply exists.
    references = plan.references.get(unindexed(change.address), {}).get(kind.subject, ())
    return not any(name.startswith("data.") for name in references)


_MERGED = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")


_NAMES = ("name", "bucket", "id", "arn", "function_name", "repository", "url")
