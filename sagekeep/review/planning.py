"""`sagekeep plan --review`: plans of the stacks, shown to the review and then deleted: they hold secrets in clear."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sagekeep.deploy import Operations
from sagekeep.review import reading
from sagekeep.review.deployed_code import fetch
from sagekeep.review.session import Reviewed, Session
from sagekeep.stackset import StackResult


def plan_and_review(operations: Operations, names: Iterable[str]) -> tuple[Mapping[str, StackResult], Reviewed | None]:
    """What each stack would change, and the review of it; None where no stack could be planned.

    Raises:
        OperationError: terraform cannot show a plan.
    """
    synthesis = operations.synthesis
    with tempfile.TemporaryDirectory(prefix="sagekeep-plans-") as folder:
        results = operations.plan(names, keep=Path(folder))
        files: dict[str, Path] = {}
        for name in results:
            saved = Path(folder) / f"{name}.tfplan"
            if saved.is_file():
                files[name] = Path(folder) / f"{name}.json"
                files[name].write_bytes(operations.terraform.show(synthesis.stacks[name], saved))
        if not files:
            return results, None
        notes = tuple(f"{r.stack} is not reviewed: it {r.status}" for r in results.values() if r.stack not in files)
        plans = [reading.read(file, stack=name) for name, file in files.items()]
        code = Path(folder) / "code"
        notes += fetch(plans, synthesis.settings["region"], operations.terraform.environ, code)
        model = synthesis.out / "model.json"
        session = replace(
            Session.of(env=synthesis.environment),
            models=(model,) if model.is_file() else (),
            archives=(synthesis.out, code),
            notes=notes,
        )
        return results, session.plans(plans, files)
