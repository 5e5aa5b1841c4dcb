"""Makes the recorded plans anew: real terraform on an embedded AWS of its own. Takes about a quarter of an hour.

    .venv/bin/python -m tests.review.record HOME [CASE ...]

HOME is a folder outside the project; an environment that is deployed there already is used again. Each case of
`cases.toml` changes the settings or the synthesized Terraform in a copy, plans, and leaves the environment as it was.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "terraform"))

from estates import Estate, faults
from sagekeep.local import instance
from sagekeep.synthesis import Stack
from tests.review import outside, patching

HERE = Path(__file__).parent
PLANS = HERE / "plans"
Case = dict[str, Any]


def cases() -> list[Case]:
    """The table."""
    found: list[Case] = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    return found


def main(home: Path, names: list[str]) -> None:
    """Record the named cases, or all."""
    estate = _estate(home)
    base = estate.file.read_text()
    for case in cases():
        if names and case["name"] not in names:
            continue
        try:
            _record(estate, case, base)
        finally:
            estate.file.write_text(base)
    if not names:
        instance.down(home / "aws")


def _estate(home: Path) -> Estate:
    running = instance.find(home / "aws")
    if running:
        return Estate(home, running)
    estate = Estate.begin(home)
    estate.state_home().bootstrap(quick=True)
    assert not faults(estate.deploy())
    return estate


def _record(estate: Estate, case: Case, base: str) -> None:
    for text in case.get("deployed", ()):  # what is in force before the change
        estate.edit(*text)
    if "deployed" in case:
        assert not faults(estate.deploy(*case["stacks"])), case["name"]
        estate.file.write_text(base)
    for text in case.get("settings", ()):
        estate.edit(*text)
    operations = estate.operations()
    undo = getattr(outside, case["outside"])(estate) if "outside" in case else None
    for name in case["stacks"]:
        text = plan(estate, operations.synthesis.stacks.get(name), case, name)
        target = PLANS / f"{case['name']}.{name}.json.gz"
        target.write_bytes(gzip.compress(text, 9, mtime=0))  # the same bytes for the same plan
        print(f"{target.name}: {len(text):,} bytes, {_told(text)}", flush=True)  # noqa: T201
    estate.file.write_text(base)
    if undo:
        undo()
    if "deployed" in case:
        estate.file.write_text(base)
        assert not faults(estate.deploy(*case["stacks"])), case["name"]


def plan(estate: Estate, stack: Stack | None, case: Case, name: str) -> bytes:
    """What `terraform show -json` prints of the stack's plan with the case's changes, made in a copy of its folder."""
    copy = estate.folder / "copy" / "stacks" / name
    shutil.rmtree(estate.folder / "copy", ignore_errors=True)
    if "hcl" in case:
        shutil.copytree(HERE / "shapes" / case["hcl"], copy)
        estate.operations()
    else:
        assert stack is not None
        estate.operations().terraform.init(stack)
        shutil.copytree(stack.folder, copy, symlinks=True)
        patching.patch(copy / "cdk.tf.json", [p for p in case.get("patch", ()) if p.get("stack", name) == name])
    env = estate.operations().terraform.variables()

    def terraform(*arguments: str) -> bytes:
        done = subprocess.run(["terraform", *arguments], cwd=copy, env=env, capture_output=True, check=False)
        if done.returncode and arguments[0] != "plan":
            raise SystemExit(f"{case['name']}: {done.stderr.decode()}")
        if done.returncode and not case.get("fails"):
            raise SystemExit(f"{case['name']}: {done.stderr.decode()}")
        return done.stdout

    if "hcl" in case or case.get("first"):
        terraform("init", "-reconfigure", "-input=false")
    if "applied" in case:
        terraform("apply", "-input=false", "-auto-approve", *case["applied"])
    terraform("plan", "-input=false", "-lock=false", "-out=plan.bin", *case.get("options", ()))
    shown = terraform("show", "-json", "plan.bin")
    if "applied" in case:
        terraform("destroy", "-input=false", "-auto-approve")
    return shown


def _told(text: bytes) -> dict[str, int]:
    counts: dict[str, int] = {}
    for change in json.loads(text).get("resource_changes", ()):
        action = "/".join(change["change"]["actions"])
        counts[action] = counts.get(action, 0) + 1
    return counts


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
