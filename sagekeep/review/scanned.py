"""checkov's findings on what plans change, beside ours. What environments/exceptions.toml lists is left out."""

from __future__ import annotations

from pathlib import Path

from sagekeep.errors import OperationError, UsageError
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.review import Review
from sagekeep.scan.checkov import scan_plans
from sagekeep.scan.environment import Scanners
from sagekeep.scan.register import load
from sagekeep.scan.scan import REGISTER


def is_installed(root: Path) -> bool:
    """Whether the project's scanners are there (make setup-scanners)."""
    return (root / ".venv-scanners" / "bin" / "checkov").exists()


def findings(root: Path, review: Review, files: dict[str, Path], environment: str) -> tuple[list[Finding], str]:
    """Findings about resources that the plans make or change, and a note where checkov could not be asked."""
    changed = _changed(review)
    wanted = {stack: file for stack, file in files.items() if any(key[0] == stack for key in changed)}
    if not wanted:
        return [], ""
    try:
        entries = load(root / REGISTER)
        found = scan_plans(Scanners.of(root), wanted)
    except (OperationError, UsageError) as error:
        return [], f"checkov's findings are missing: {error.message}"
    accepted = {e.key for e in entries if not e.environments or environment in e.environments}
    return [
        Finding(
            rule=one.id,
            risk=Risk.WEAKER,
            severity=Severity.MEDIUM,
            change=changed[one.stack, one.address],
            sentence=f"checkov: {one.detail}",
            reason="checkov finds it in what the plan makes or changes",
            remedy=f"mend it, or list it in {REGISTER} with a reason",
        )
        for one in found
        if (one.stack, one.address) in changed and one.key not in accepted
    ], ""


def _changed(review: Review) -> dict[tuple[str, str], Change]:
    return {
        (plan.stack, change.address): change
        for plan in review.plans
        for change in plan.changes
        if not change.drift and change.action in ("create", "update", "replace")
    }
