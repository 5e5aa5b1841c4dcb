"""A review from files: plans, models, the gate's rules and, where it is installed, checkov."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sagekeep.errors import UsageError
from sagekeep.review import gate_rules, paths, reading, scanned
from sagekeep.review.gate import Decision, decide
from sagekeep.review.model import Plan
from sagekeep.review.review import Review, review
from sagekeep.synthesis import project_root


@dataclass(frozen=True)
class Reviewed:
    """A review and what the gate says of it."""

    review: Review
    decision: Decision


@dataclass(frozen=True)
class Session:
    """What a review is made with.

    Attributes:
        root: the project's folder; None where plans of another project are reviewed outside of ours.
        env: the environment's name; "" where the plans tell it.
        earlier: files of earlier plans, whose versions are compared.
        notes: what is to be told beside the findings.
    """

    root: Path | None
    env: str
    rules: tuple[gate_rules.GateRules, ...]
    models: tuple[Path, ...] = ()
    archives: tuple[Path, ...] = ()
    checkov: bool = True
    earlier: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        env: str = "",
        rules: Path | None = None,
        models: Sequence[Path] = (),
        archives: Sequence[Path] = (),
        checkov: bool = True,
        earlier: Sequence[Path] = (),
    ) -> Session:
        """A session in the current folder.

        Raises:
            UsageError: the gate's rules cannot be read.
        """
        try:
            root = project_root()
        except UsageError:
            root = None
        file = rules or (root / gate_rules.FILE if root and (root / gate_rules.FILE).is_file() else None)
        return cls(root, env, gate_rules.load(file), tuple(models), tuple(archives), checkov, tuple(earlier))

    def files(self, files: Sequence[Path]) -> Reviewed:
        """The review of plan files.

        Raises:
            PlanError: one is not a plan.
            UsageError: two are of one stack, or of different environments.
        """
        with collection_paused():
            return self._files(files)

    def _files(self, files: Sequence[Path]) -> Reviewed:
        plans = [reading.read(file) for file in files]
        models = self.models or tuple(dict.fromkeys(m for file in files for m in paths.beside(file)))
        archives = (*self.archives, *dict.fromkeys(file.parent for file in files))
        session = replace(self, models=models, archives=archives)
        return session.plans(plans, dict(zip((plan.stack for plan in plans), files, strict=True)))

    def plans(self, plans: Sequence[Plan], files: dict[str, Path]) -> Reviewed:
        """The review of plans; `files` holds each stack's plan for checkov."""
        if not plans:
            raise UsageError("there is no plan to review", hint="name the files that `terraform show -json` printed")
        _refuse_twins(plans)
        environment = self.env or _environment(plans)
        earlier = [reading.read(file) for file in self.earlier]
        found = review(plans, root=self.root, models=self.models, archives=self.archives, earlier=earlier)
        notes = list(self.notes)
        if self.checkov and self.root and scanned.is_installed(self.root):
            more, note = scanned.findings(self.root, found, files, environment)
            found = replace(found, findings=tuple(sorted((*found.findings, *more), key=lambda f: f.order)))
            notes += [note] if note else []
        decision = decide(found, self.rules, environment, datetime.now(UTC))
        return Reviewed(found, replace(decision, notes=(*decision.notes, *notes)))


@contextmanager
def collection_paused() -> Iterator[None]:
    """A large plan makes millions of objects and no circles: looking for these takes a quarter of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _refuse_twins(plans: Sequence[Plan]) -> None:
    seen: dict[str, str] = {}
    for plan in plans:
        if plan.stack in seen:
            raise UsageError(
                f"{seen[plan.stack]} and {plan.file} are both plans of {plan.stack}",
                hint="review one plan of each stack; files are told apart by their names, or by the tag Stack",
            )
        seen[plan.stack] = plan.file


def _environment(plans: Sequence[Plan]) -> str:
    """As the plans' default tag Environment says; "" where none has it."""
    names = {plan.environment: plan for plan in plans if plan.environment}
    if len(names) > 1:
        told = ", ".join(f"{name} ({plan.file})" for name, plan in names.items())
        raise UsageError(f"these are plans of several environments: {told}", hint="review one environment at a time")
    return next(iter(names), "")
