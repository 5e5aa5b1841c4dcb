"""Runs the phases one after the other, and keeps what they came to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from sagekeep.demo import estate, pipeline
from sagekeep.demo.stage import Stage
from sagekeep.errors import OperationError, ToolkitError


@dataclass(frozen=True)
class Phase:
    """One step of the demo; `act` raises where it fails."""

    name: str
    act: Callable[[Stage], None]


@dataclass
class Rehearsal:
    """How it went: seconds per phase, in order, what the phases left on the stage, and the error that ended it."""

    stage: Stage
    seconds: dict[str, float] = field(default_factory=dict)
    error: ToolkitError | None = None

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        outcome, evaluation = self.stage.outcome, self.stage.evaluation
        return {
            "resources": self.stage.resources,
            "phases": [{"phase": name, "seconds": round(value, 1)} for name, value in self.seconds.items()],
            "seconds": round(sum(self.seconds.values()), 1),
            "run": outcome.document() if outcome else None,
            "evaluation": evaluation.document() if evaluation else None,
            "error": str(self.error) if self.error else "",
        }


PHASES = (
    Phase("doctor", estate.examine),
    Phase("synthesize", estate.synthesize),
    Phase("start the local AWS", estate.start),
    Phase("make the state backend", estate.bootstrap),
    Phase("deploy", estate.deploy),
    Phase("plan again", estate.plan_again),
    Phase("open Studio", estate.open_studio),
    Phase("run the pipeline", pipeline.run_pipeline),
    Phase("ask the endpoint", pipeline.ask_endpoint),
    Phase("destroy", estate.destroy),
    Phase("prove that nothing is left", estate.prove_empty),
)


def run(root: Path, env: str, *, keep: bool = False) -> Rehearsal:
    """Runs all phases; the embedded AWS is stopped at the end, however it ends.

    Raises:
        OperationError: another demo runs in this project.
    """
    from sagekeep.local import instance  # noqa: PLC0415 - needs the packages of the local AWS

    stage = Stage(root, env, root / ".sagekeep" / "demo", Console(stderr=True))
    if instance.find(stage.home):
        hint = f"stop it: sagekeep local down --home {stage.home}"
        raise OperationError(f"another demo runs in {stage.home}", hint=hint)
    rehearsal = Rehearsal(stage)
    try:
        for number, phase in enumerate(PHASES, 1):
            stage.console.rule(f"{number}/{len(PHASES)} {phase.name}", align="left")
            _timed(rehearsal, phase)
    except ToolkitError as error:
        rehearsal.error = error
    finally:
        if not (keep and rehearsal.error):
            _timed(rehearsal, Phase("stop", estate.stop))
    return rehearsal


def _timed(rehearsal: Rehearsal, phase: Phase) -> None:
    began = time.monotonic()
    try:
        phase.act(rehearsal.stage)
    finally:
        rehearsal.seconds[phase.name] = time.monotonic() - began
