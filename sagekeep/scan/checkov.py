"""checkov over synthesized stacks and over plans, with proof that it read every resource.

checkov passes a file that it cannot read: no checks, exit code 0. `--framework terraform` does not read Terraform JSON
at all, and `--framework terraform_json` stumbles over `required_version`, `moved` and `import`. So it reads copies
without these, and a check of ours (inside/seen.yaml) that everything passes tells what it has read.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.scan.environment import INSIDE, Scanners
from sagekeep.scan.findings import Finding
from sagekeep.synthesis import Stack

SEEN = "CKV2_SAGEKEEP_1"
_UNREADABLE = ("//", "moved", "import", "removed")
_NO_NETWORK = ("--skip-download", "--skip-results-upload")
_BLOCKS = {"resource": "", "data": "data."}


def scan_stacks(scanners: Scanners, stacks: Sequence[Stack]) -> list[Finding]:
    """What checkov finds in the synthesized stacks.

    Raises:
        OperationError: checkov failed, or did not read every resource and data source.
    """
    with tempfile.TemporaryDirectory(prefix="sagekeep-checkov-") as folder:
        lines: dict[str, dict[int, str]] = {}
        for stack in stacks:
            copy = Path(folder) / stack.name / "cdk.tf.json"
            copy.parent.mkdir()
            text, lines[stack.name] = _copy(stack.document())
            copy.write_text(text, encoding="utf-8")
        reports = _run(scanners, "terraform_json", ["--directory", folder])
    return list(_findings(reports, lines))


def _copy(document: Mapping[str, Any]) -> tuple[str, dict[int, str]]:
    """The stack as checkov can read it, one block a line, and the address on each line.

    checkov names a block in several ways, some without its type; its line is always right.
    """
    rows = ["{"]
    addresses: dict[int, str] = {}
    readable = {name: section for name, section in document.items() if name not in _UNREADABLE}
    if "terraform" in readable:
        readable["terraform"] = {k: v for k, v in readable["terraform"].items() if k != "required_version"}
    for name, section in readable.items():
        if name not in _BLOCKS:
            rows += [f"{json.dumps(name)}: {json.dumps(section)}", ","]
            continue
        rows.append(f"{json.dumps(name)}: {{")
        for kind, group in section.items():
            rows.append(f"{json.dumps(kind)}: {{")
            for block, body in group.items():
                rows.append(f"{json.dumps(block)}: {json.dumps(body)}")
                addresses[len(rows)] = f"{_BLOCKS[name]}{kind}.{block}"
                rows.append(",")
            _close(rows)
        _close(rows)
    return "\n".join([*rows[:-1], "}"]) + "\n", addresses


def _close(rows: list[str]) -> None:
    """Ends an object, in place of the comma after its last member."""
    if rows[-1] == ",":
        rows.pop()
    rows += ["}", ","]


def _findings(reports: Sequence[Mapping[str, Any]], lines: Mapping[str, Mapping[int, str]]) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for check in _checks(reports):
        stack = Path(check["file_path"]).parent.name
        # Outside of resources and data sources, as in the provider's block, the name is right as it is.
        address = lines[stack].get(check["file_line_range"][0], check["resource"])
        if check["check_id"] == SEEN:
            seen.add((stack, address))
        elif check["check_result"]["result"] == "FAILED":
            yield Finding(check["check_id"], stack, address, detail=check["check_name"])
    _require({(stack, address) for stack, rows in lines.items() for address in rows.values()}, seen)


def scan_plans(scanners: Scanners, plans: Mapping[str, Path]) -> list[Finding]:
    """What checkov finds in plans; `plans`: stack -> file that `terraform show -json` wrote.

    Raises:
        OperationError: checkov failed, or did not read every resource.
    """
    if not plans:
        return []
    with tempfile.TemporaryDirectory(prefix="sagekeep-checkov-") as folder:
        files: list[str] = []
        expected: set[tuple[str, str]] = set()
        for stack, file in plans.items():
            copy = Path(folder) / f"{stack}.json"  # checkov's answers have the file's name
            copy.write_bytes(file.read_bytes())
            files.append(str(copy))
            planned = json.loads(copy.read_bytes())["planned_values"].get("root_module", {})
            expected |= {(stack, resource["address"]) for resource in planned.get("resources", ())}
        reports = _run(scanners, "terraform_plan", ["--file", *files])
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for check in _checks(reports):
        stack, address = Path(check["file_path"]).stem, check["resource"]
        if check["check_id"] == SEEN:
            seen.add((stack, address))
        elif check["check_result"]["result"] == "FAILED":
            found.append(Finding(check["check_id"], stack, address, source="plan", detail=check["check_name"]))
    _require(expected, seen)
    return found


def _run(scanners: Scanners, framework: str, what: Sequence[str]) -> list[Mapping[str, Any]]:
    """checkov's reports; exit code 1 says that there are findings."""
    options = ["--framework", framework, "--output", "json", "--compact", "--external-checks-dir", str(INSIDE)]
    printed = scanners.run("checkov", [*what, *options, *_NO_NETWORK], codes=(0, 1))
    try:
        report = json.loads(printed)
    except ValueError as error:
        raise OperationError(f"checkov printed no JSON: {printed.strip()[:200] or 'nothing'}") from error
    return report if isinstance(report, list) else [report]


def _checks(reports: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for report in reports:
        results = report.get("results", {})
        yield from (*results.get("passed_checks", ()), *results.get("failed_checks", ()))
        if files := results.get("parsing_errors"):
            raise OperationError(f"checkov cannot read {', '.join(Path(file).parent.name for file in files)}")


def _require(expected: set[tuple[str, str]], seen: set[tuple[str, str]]) -> None:
    """Nothing read is not nothing found."""
    if not expected:
        raise OperationError("there is nothing to scan: no stack declares a resource")
    if missed := sorted(expected - seen):
        few = ", ".join(f"{stack}: {address}" for stack, address in missed[:5])
        more = f" and {len(missed) - 5} more" if len(missed) > 5 else ""
        raise OperationError(
            f"checkov read {len(expected) - len(missed)} of {len(expected)} resources; not {few}{more}"
        )
