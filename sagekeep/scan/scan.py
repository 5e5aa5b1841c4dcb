"""All scanners over an environment, and the register's verdict on what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from sagekeep.scan import checkov, linters, register
from sagekeep.scan.documents import policies
from sagekeep.scan.environment import Scanners
from sagekeep.scan.findings import Finding
from sagekeep.scan.register import Entry, Verdict
from sagekeep.scan.stars import star_actions
from sagekeep.scan.symbols import Symbols
from sagekeep.synthesis import Synthesis

REGISTER = Path("environments") / "exceptions.toml"


def scan(
    synthesis: Synthesis,
    entries: tuple[Entry, ...],
    *,
    today: date,
    plans: Mapping[str, Path] | None = None,
    environment: str = "",
) -> Verdict:
    """The verdict on an environment.

    `plans`: stack -> plan as JSON; `environment`: whose exceptions apply, where the settings are a copy of another's.

    Raises:
        OperationError: the scanners are not installed, one failed, or one did not read everything.
    """
    found = findings(synthesis, plans or {})
    named = environment or synthesis.environment
    return register.judge(entries, found, named, today=today, planned=plans or ())


def findings(synthesis: Synthesis, plans: Mapping[str, Path]) -> list[Finding]:
    """What all scanners find, two of them at a time."""
    scanners = Scanners.of(synthesis.root)
    documents = {name: stack.document() for name, stack in synthesis.stacks.items()}
    settings = synthesis.settings
    shapes = {key: settings[key] for key in ("partition", "region", "account_id") if settings.get(key)}
    rendered = policies(documents, Symbols(documents, **shapes))
    jobs: list[Callable[[], list[Finding]]] = [
        lambda: checkov.scan_stacks(scanners, list(synthesis.stacks.values())),
        lambda: checkov.scan_plans(scanners, plans),
        lambda: linters.lint(scanners, "parliament", rendered),
        lambda: linters.lint(scanners, "cloudsplaining", rendered),
        lambda: star_actions(rendered),
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = [pool.submit(job) for job in jobs]
        return [finding for job in running for finding in job.result()]
