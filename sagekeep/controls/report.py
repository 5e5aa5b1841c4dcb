"""Evidence as a page of Markdown, from its JSON: what a reviewer or an auditor reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sagekeep.controls.evidence import BROUGHT

Document = Mapping[str, Any]
_SHOWN = 3  # addresses of a control; the JSON has all


def markdown(evidence: Document) -> str:
    """The whole page."""
    return "\n".join([*_head(evidence), *_controls(evidence), *_proof(evidence), *_exceptions(evidence)]) + "\n"


def summary(evidence: Document) -> str:
    """One line."""
    results = [control["result"] for control in evidence["controls"]]
    counts = ", ".join(f"{results.count(result)} {result}" for result in dict.fromkeys(results))
    return f"{len(results)} controls: {counts}"


def _head(evidence: Document) -> Iterator[str]:
    yield f"# Evidence: {evidence['environment']}"
    yield ""
    yield f"Account {evidence['account_id']}, {evidence['region']}. Made {evidence['made']} from the synthesized files,"
    yield f"whose SHA-256 is `{evidence['terraform_sha256']}`. {summary(evidence)}."
    yield ""


def _controls(evidence: Document) -> Iterator[str]:
    for section, rows in groupby(evidence["controls"], key=lambda control: control["section"]):
        yield f"## {section}"
        yield ""
        yield "| # | promise | ids | result | where | test |"
        yield "|---|---|---|---|---|---|"
        yield from (_control(row) for row in rows)
        yield ""


def _control(row: Document) -> str:
    result = "; ".join([f"**{row['result']}**", *(_fault(fault) for fault in row["faults"])])
    if row["brought"]:
        keys = ", ".join(f"`{key}`" for key in row["brought"])
        result += f" by others: {keys}" if row["result"] == BROUGHT else f"; brought by others: {keys}"
        result += "; what is ours holds" if row["result"] == BROUGHT and row["where"] else ""
    if row["result"] in {"exception", "not used"} and row["note"]:
        result += f": {row['note']}"
    test = f"`{row['test'].rpartition('::')[2]}`" if row["test"] else row["proof"]
    return f"| {row['id']} | {row['promise']} | {row['published']} | {result} | {_where(row['where'])} | {test} |"


def _fault(fault: Document) -> str:
    return f"`{fault['address']}` {fault['fault']}"


def _where(places: Sequence[Document]) -> str:
    shown = [f"`{place['address']}`" + (f" ({place['construct']})" if place["construct"] else "") for place in places]
    more = len(shown) - _SHOWN
    return "<br>".join([*shown[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _proof(evidence: Document) -> Iterator[str]:
    calls = [call for call in evidence["calls"] if call["status"] not in {"skipped", BROUGHT}]
    yield "## Calls that get through, attempts that do not"
    yield ""
    yield f"{len(calls)} calls of the workload were followed through network, endpoint, resource and identity policies."
    yield ""
    yield "| attempt | barriers | the first |"
    yield "|---|--:|---|"
    for attempt in evidence["attempts"]:
        if attempt["status"] not in {"skipped", BROUGHT}:
            first = attempt["barriers"][0] if attempt["barriers"] else "**none**"
            yield f"| {attempt['does']} | {len(attempt['barriers'])} | {first} |"
    yield ""
    yield from (f"- **{finding}**" for finding in evidence["findings"])
    yield from _brought(evidence["brought"])


def _brought(rows: Sequence[Document]) -> Iterator[str]:
    if rows:
        yield "## Not proved, because it is brought"
        yield ""
        yield "| what | setting | why |"
        yield "|---|---|---|"
        for row in rows:
            yield f"| {row['of']} | {', '.join(f'`{key}`' for key in row['by'])} | {row['why']} |"
        yield ""


def _exceptions(evidence: Document) -> Iterator[str]:
    yield "## Exceptions"
    yield ""
    yield "| id | where | reason | look again |"
    yield "|---|---|---|---|"
    for entry in evidence["exceptions"]:
        statement = f", {entry['statement']}" if entry["statement"] else ""
        yield f"| {entry['id']} | `{entry['address']}`{statement} | {entry['reason']} | {entry['review']} |"
