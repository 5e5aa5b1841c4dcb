"""How long a review of a large plan takes, and how much memory: `python -m bench.review [COUNT ...] [--beside]`.

The plan is made here, of the size that Terraform's have: each resource stands in planned_values, resource_changes,
prior_state and configuration. `--beside` measures on the same machine what else reads plans: `terraform show -json` on
a plan of as many `terraform_data`, and checkov, where it is installed, on the same file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagekeep.review.session import Session

ROOT = Path(__file__).parents[1]
COUNTS = (1_000, 10_000, 20_000)
SECONDS, MEGABYTES = 3.0, 400  # what 10,000 changes may take


@dataclass(frozen=True)
class Measured:
    """Wall seconds, seconds of computing and the largest resident set of a process, in MB."""

    seconds: float
    computed: float
    megabytes: float


def plan(count: int) -> dict[str, Any]:
    """A plan of `count` resource changes: policies, buckets, rules of groups and more, some dangerous."""
    made = [_resource(number) for number in range(count)]
    named = [({k: r[k] for k in ("address", "mode", "type", "name", "provider_name")}, r["change"]) for r in made]
    values = [name | {"values": change["after"]} for name, change in named if change["after"]]
    before = [name | {"values": change["before"]} for name, change in named if change["before"]]
    written = [name | {"expressions": _written(change["after"])} for name, change in named if change["after"]]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": values}},
        "resource_changes": made,
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": before}}},
        "configuration": {"root_module": {"resources": written}},
    }


def _written(after: dict[str, Any]) -> dict[str, Any]:
    return {key: {"constant_value": value} for key, value in after.items() if key != "tags_all"}


def _resource(number: int) -> dict[str, Any]:
    kind, before, after = _KINDS[number % len(_KINDS)](number)
    actions = ["update"] if before and after else ["create"] if after else ["delete"]
    if before == after:
        actions = ["no-op"]
    return {
        "address": f"{kind}.r{number}",
        "mode": "managed",
        "type": kind,
        "name": f"r{number}",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def _tags(number: int) -> dict[str, Any]:
    tags = {"Environment": "bench", "Number": str(number), "Project": "review", "Stack": "bench", "Owner": "nobody"}
    return {"tags": tags, "tags_all": tags}


def _policy(number: int, *actions: str) -> str:
    statements = [
        {
            "Sid": f"Statement{n}",
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": [f"arn:aws:s3:::bucket-{number}/{n}/*", f"arn:aws:s3:::bucket-{number}"],
            "Condition": {"StringEquals": {"aws:SourceVpc": f"vpc-{number}"}},
        }
        for n in range(5)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _widened(number: int) -> tuple[str, Any, Any]:
    old = {"role": f"role-{number}", "policy": _policy(number, "s3:GetObject"), "name": "access"}
    return "aws_iam_role_policy", old, {**old, "policy": _policy(number, "s3:GetObject", "s3:PutObject")}


def _same(number: int) -> tuple[str, Any, Any]:
    found = {"bucket": f"bucket-{number}", "force_destroy": False, "id": f"bucket-{number}", **_tags(number)}
    return "aws_s3_bucket", found, found


def _tagged(number: int) -> tuple[str, Any, Any]:
    old = {
        "name": f"queue-{number}",
        "id": f"q-{number}",
        "policy": _policy(number, "sqs:SendMessage"),
        **_tags(number),
    }
    return "aws_sqs_queue", old, {**old, **_tags(number + 1)}


def _new(number: int) -> tuple[str, Any, Any]:
    return "aws_cloudwatch_log_group", None, {"name": f"/group/{number}", "retention_in_days": 30, **_tags(number)}


def _gone(number: int) -> tuple[str, Any, Any]:
    rule = {"security_group_id": f"sg-{number % 50}", "ip_protocol": "tcp", "from_port": 443, "to_port": 443}
    return "aws_vpc_security_group_ingress_rule", {**rule, "id": f"sgr-{number}", **_tags(number)}, None


_KINDS = (_widened, _same, _tagged, _new, _gone)


def child(file: Path) -> None:
    """A whole review, as the command makes it; runs in a process of its own."""
    found = Session.of(checkov=False).files([file])
    sys.stdout.write(str(len(found.review.findings)))


def measured(command: Sequence[str], folder: Path) -> Measured:
    """A command's time and memory."""
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as run:
        _, _, usage = os.wait4(run.pid, 0)
        run.returncode = 0
    return Measured(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main(counts: Sequence[int], *, beside: bool) -> None:
    """Print a table."""
    print(f"{'changes':>8} {'MB of plan':>10} {'what':<28} {'seconds':>8} {'computing':>9} {'MB':>6}")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "bench.json"
            file.write_text(json.dumps(plan(count), separators=(",", ":")))
            size = file.stat().st_size / 1e6
            found = measured([sys.executable, "-m", "bench.review", "--child", str(file)], folder)
            _row(count, size, "sagekeep review", found)
            if beside:
                _beside(count, size, file)
        if count == COUNTS[1]:
            assert found.computed < SECONDS, f"{found.computed:.1f} s"
            assert found.megabytes < MEGABYTES, f"{found.megabytes:.0f} MB"


def _beside(count: int, size: float, file: Path) -> None:
    folder = file.parent / "terraform"
    folder.mkdir()
    body = f'count = {count}\n  input = {{ text = "{"x" * 200}", n = count.index }}'
    text = f'resource "terraform_data" "r" {{\n  {body}\n}}\n'
    (folder / "main.tf").write_text(text)
    for arguments in (["init"], ["plan", "-out=plan.bin"]):
        subprocess.run(["terraform", *arguments], cwd=folder, check=True, capture_output=True)
    _row(count, size, "terraform show -json", measured(["terraform", "show", "-json", "plan.bin"], folder))
    checkov = ROOT / ".venv-scanners" / "bin" / "checkov"
    if checkov.exists():
        options = ["--framework", "terraform_plan", "--skip-download", "--quiet", "--compact", "--file", str(file)]
        _row(count, size, "checkov", measured([str(checkov), *options], folder))


def _row(count: int, size: float, what: str, found: Measured) -> None:
    print(
        f"{count:>8,} {size:>10.1f} {what:<28} {found.seconds:>8.2f} {found.computed:>9.2f} {found.megabytes:>6.0f}",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        main([int(word) for word in sys.argv[1:] if word.isdigit()] or COUNTS, beside="--beside" in sys.argv)
