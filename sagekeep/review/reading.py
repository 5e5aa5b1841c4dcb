"""Reads `terraform show -json PLAN`, of Terraform and OpenTofu; a file that is no such plan is refused with the cure.

A plan repeats every resource in planned_values, prior_state and configuration, and grows to hundreds of megabytes. So
it is read section by section: of those that nobody asks for nothing is kept, of what stays as it is only what it names.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sagekeep.review.configuration import Configuration
from sagekeep.review.cursor import NOTHING, WHOLE, Cursor, skip
from sagekeep.review.masking import mask, spread
from sagekeep.review.model import Change, Plan, PlanError

MAJOR = "1"
NETWORK_ID = re.compile(r"\b((?:subnet|sg|vpc|vpce|rtb|eni)-[0-9a-z]+)\b")
_DENY = re.compile(r'"Effect"\s*:\s*"Deny"')
_SHOW = "terraform show -json FILE > plan.json"
_KEPT = {
    "format_version", "terraform_version", "output_changes", "configuration", "checks", "errored", "complete",
    "deferred_changes", "variables",
}  # fmt: skip
_CHANGES = {"resource_changes": False, "resource_drift": True}
_ACTIONS = {
    ("no-op",): "no-op",
    ("create",): "create",
    ("read",): "read",
    ("update",): "update",
    ("delete",): "delete",
    ("forget",): "forget",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
}


def read(file: Path, *, stack: str = "") -> Plan:
    """The plan in a file.

    Args:
        file: what `terraform show -json` printed.
        stack: its stack, where the caller knows; else the plan's own tags or the file's name tell.

    Raises:
        PlanError: it is not there, not a plan, cut off, binary, or of a format that we do not know.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PlanError(
            f"{file}: cannot be read: {error.strerror}", hint="name the file that holds the plan"
        ) from error
    return parse(_text(content, file), file, stack=stack)


def _text(content: bytes, file: Path) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise PlanError(f"{file}: is a binary plan file", hint=f"print it first: {_SHOW.replace('FILE', str(file))}")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"  # PowerShell's `>` writes UTF-16
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise PlanError(f"{file}: is not text", hint=f"print the plan: {_SHOW}") from None


def parse(text: str, file: Path, *, stack: str = "") -> Plan:
    """The plan in a text; `file` is what errors call it. Raises PlanError as `read`."""
    reader = _Reader(file)
    try:
        for name, cursor in _sections(text, file):
            reader.section(name, cursor)
        return reader.plan(stack)
    except json.JSONDecodeError as fault:
        raise _malformed(text, fault, file) from None
    except RecursionError:
        raise PlanError(f"{file}: is nested too deeply for a plan", hint=_hint()) from None
    except (AttributeError, TypeError, KeyError) as fault:
        raise PlanError(
            f"{file}: is not built as a plan: {type(fault).__name__} while reading it", hint=_hint()
        ) from None


def _hint() -> str:
    return f"make it with: terraform plan -out=FILE && {_SHOW}"


def _malformed(text: str, fault: json.JSONDecodeError, file: Path) -> PlanError:
    """Names the place, never the content: it may be secret."""
    if fault.pos >= len(text.rstrip()) or fault.msg.startswith("Unterminated string"):
        return PlanError(f"{file}: ends in the middle (after {len(text):,} characters)", hint=_hint())
    return PlanError(f"{file}: is not JSON: {fault.msg} in line {fault.lineno}, column {fault.colno}", hint=_hint())


def _sections(text: str, file: Path) -> Iterator[tuple[str, Cursor]]:
    """Names of the top-level keys; whoever takes one moves the cursor behind its value."""
    position = skip(text, 0)
    if position == len(text):
        raise PlanError(f"{file}: is empty", hint=_hint())
    if text[position] != "{":
        raise PlanError(f"{file}: is not a plan: it does not begin with an object", hint=_hint())
    cursor = Cursor(text, position + 1)
    if cursor.at("}"):
        return
    while True:
        name = cursor.value(WHOLE)
        cursor.expect(":")
        yield str(name), cursor
        if cursor.at("}"):
            return
        cursor.expect(",")


class _Reader:
    """Collects what the sections tell, in whatever order they come."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, Any] = {}
        self._changes: dict[bool, list[Change]] = {False: [], True: []}
        self._standing: dict[str, str] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        self._policies: dict[str, bool] = {}
        self._secrets: set[str] = set()
        self._has_changes = False

    def section(self, name: str, cursor: Cursor) -> None:
        if name in _CHANGES:
            self._has_changes = True
            for item, written in cursor.items():
                self._add(item, written, drift=_CHANGES[name])
        elif name in _KEPT:
            self._kept[name] = cursor.value(WHOLE)
            if name == "format_version":
                self._check_version(self._kept[name])
        else:
            cursor.value(NOTHING)

    def _check_version(self, version: Any) -> None:
        if not isinstance(version, str) or version.split(".")[0] != MAJOR:
            raise PlanError(
                f"{self._file}: the plan's format is {version}; this tool reads {MAJOR}.x",
                hint="take a newer version of this tool, or the terraform that the project pins",
            )

    def _add(self, item: Mapping[str, Any], written: str, *, drift: bool) -> None:
        change = item["change"]
        action = _ACTIONS.get(tuple(change["actions"]), "update")
        moved = item.get("previous_address", "")
        if action == "no-op" and not moved and not change.get("importing"):
            if not drift:
                self._policy(item["type"], change.get("before") or {})
                self._standing[item["address"]] = item["type"]
                self._named[item["address"]] = tuple(dict.fromkeys(NETWORK_ID.findall(written)))
                mask(change.get("before"), change.get("before_sensitive"), self._secrets)
            return
        self._changes[drift].append(self._change(item, change, action, drift=drift))

    def _policy(self, kind: str, values: Mapping[str, Any]) -> None:
        """Of a policy that stays: whether it refuses anything."""
        if kind == "aws_iam_policy" and isinstance(values.get("arn"), str):
            self._policies[values["arn"]] = _DENY.search(str(values.get("policy"))) is not None

    def _change(self, item: Mapping[str, Any], change: Mapping[str, Any], action: str, *, drift: bool) -> Change:
        before, after = change.get("before") or {}, change.get("after") or {}
        old, new = (spread(change.get(f"{side}_sensitive"), before, after) for side in ("before", "after"))
        unknown = change.get("after_unknown")
        index = item.get("index")
        return Change(
            address=item["address"] + (f" (deposed {item['deposed']})" if item.get("deposed") else ""),
            type=item["type"],
            name=item["name"] + (f"[{json.dumps(index)}]" if index is not None else ""),
            stack="",
            action=action,
            before=mask(before, old, self._secrets, marked=new),
            after=mask(after, new, self._secrets, other=before, marked=old),
            unknown=unknown if isinstance(unknown, dict) else {},
            replace_paths=tuple(dotted(path) for path in change.get("replace_paths") or ()),
            reason=item.get("action_reason", ""),
            gap=list(change["actions"]) == ["delete", "create"],
            moved_from=item.get("previous_address", ""),
            imported=bool(change.get("importing")),
            drift=drift,
            data=item.get("mode") == "data",
        )

    def _other_secrets(self, configuration: Configuration) -> None:
        """Of variables and outputs nothing is kept but what no other text may show."""
        variables = self._kept.pop("variables", None) or {}
        for name in configuration.sensitive():
            mask(variables.get(name, {}).get("value"), True, self._secrets)  # noqa: FBT003
        for output in (self._kept.get("output_changes") or {}).values():
            for side in ("before", "after"):
                mask(output.get(side), output.get(f"{side}_sensitive"), self._secrets)

    def plan(self, stack: str) -> Plan:
        """Raises PlanError where the sections are not those of a plan."""
        if "format_version" not in self._kept or not (self._has_changes or "configuration" in self._kept):
            state = "values" if "format_version" in self._kept else ""
            what = "a state or a schema, not a plan" if state else "not a plan: it has no format_version"
            raise PlanError(f"{self._file}: is {what}", hint=_hint())
        configuration = Configuration(self._kept.get("configuration") or {})
        self._other_secrets(configuration)
        name = stack or configuration.tag("Stack") or _name_of(self._file)
        return Plan(
            stack=name,
            file=str(self._file),
            environment=configuration.tag("Environment"),
            terraform=str(self._kept.get("terraform_version", "")),
            changes=tuple(_in_stack(change, name) for drift in (False, True) for change in self._changes[drift]),
            standing=self._standing,
            references=configuration.references(),
            accounts=configuration.accounts(),
            providers=configuration.providers(),
            failed_checks=tuple(_failed(self._kept.get("checks") or ())),
            secrets=frozenset(self._secrets),
            provisional=_incomplete(self._kept),
            errored=bool(self._kept.get("errored")),
            outputs=frozenset(_changed(self._kept.get("output_changes") or {})),
            reads=configuration.reads(),
            named=self._named,
            policies=self._policies,
        )


def _changed(outputs: Mapping[str, Any]) -> Iterator[str]:
    return (name for name, change in outputs.items() if change.get("actions") not in (["no-op"], ["read"]))


def _incomplete(kept: Mapping[str, Any]) -> str:
    """Why more is to come than the plan shows; "" where it shows all."""
    deferred = [item["resource_change"]["address"] for item in kept.get("deferred_changes") or ()]
    if deferred:
        return f"made without what Terraform defers: {', '.join(deferred)}"
    part = kept.get("complete") is False and not kept.get("errored")
    return "made for a part of the resources only (-target)" if part else ""


def dotted(path: list[Any]) -> str:
    """`["vpc_config", 0, "subnet_ids"]` as `vpc_config.0.subnet_ids`."""
    return ".".join(str(step) for step in path)


def _in_stack(change: Change, stack: str) -> Change:
    return Change(**{**change.__dict__, "stack": stack})


def _name_of(file: Path) -> str:
    """`network.plan.json` is network; `network/plan.json` is network, too."""
    stem = file.name.split(".")[0]
    return file.resolve().parent.name if stem in ("plan", "tfplan", "out", "") else stem


def _failed(checks: Any) -> Iterator[str]:
    for check in checks:
        address = check.get("address", {}).get("to_display", "a check")
        if check.get("status") not in ("fail", "error"):
            continue
        problems = [p.get("message", "") for one in check.get("instances") or () for p in one.get("problems") or ()]
        yield f"{address}: {' '.join(problems)}".rstrip(": ")
