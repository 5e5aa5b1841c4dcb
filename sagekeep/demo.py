"""`sagekeep demo`: the whole life of an environment on an embedded AWS of its own, phase by phase."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from sagekeep import doctor, synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.errors import OperationError, ToolkitError
from sagekeep.progress import Board
from sagekeep.stackset import StackResult
from sagekeep.synthesis import Synthesis
from sagekeep.teardown import destroy_all


@dataclass
class Stage:
    """What the phases hand on to each other.

    Attributes:
        home: folder of everything that the demo makes.
        environ: environment of a client of the embedded AWS.
    """

    root: Path
    env: str
    home: Path
    console: Console
    synthesis: Synthesis | None = None
    instance: Any = None
    environ: dict[str, str] = field(default_factory=dict)

    def operations(self) -> Operations:
        """Terraform against the embedded AWS."""
        if self.synthesis is None:
            raise OperationError("the demo has not synthesized yet")
        return Operations.of(self.synthesis, self.environ, Board(self.console))

    def say(self, text: str) -> None:
        """One line of the story."""
        self.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Phase:
    """One step of the demo; `act` raises where it fails."""

    name: str
    act: Callable[[Stage], None]


@dataclass
class Rehearsal:
    """How it went: seconds per phase, in order, and the error that ended it."""

    seconds: dict[str, float] = field(default_factory=dict)
    error: ToolkitError | None = None

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        phases = [{"phase": name, "seconds": round(value, 1)} for name, value in self.seconds.items()]
        total = round(sum(self.seconds.values()), 1)
        return {"phases": phases, "seconds": total, "error": str(self.error) if self.error else ""}


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
    rehearsal = Rehearsal()
    try:
        for number, phase in enumerate(PHASES, 1):
            stage.console.rule(f"{number}/{len(PHASES)} {phase.name}", align="left")
            _timed(rehearsal, phase, stage)
    except ToolkitError as error:
        rehearsal.error = error
    finally:
        if not (keep and rehearsal.error):
            _timed(rehearsal, Phase("stop", _stop), stage)
    return rehearsal


def _timed(rehearsal: Rehearsal, phase: Phase, stage: Stage) -> None:
    began = time.monotonic()
    try:
        phase.act(stage)
    finally:
        rehearsal.seconds[phase.name] = time.monotonic() - began


def _doctor(stage: Stage) -> None:
    findings = doctor.examine(stage.root)
    for finding in findings:
        stage.say(f"{finding.name}: {finding.detail}")
    if not doctor.healthy(findings, local=True):
        missing = next(f for f in findings if f.status != "ok" and f.mend and f.name != "credentials")
        raise OperationError(f"{missing.name}: {missing.detail}", hint=missing.mend)


def _synthesize(stage: Stage) -> None:
    stage.synthesis = synthesis.synthesize(stage.root, stage.env, stage.home / "out", work=stage.home / "work")
    total = sum(stack.resources for stack in stage.synthesis.stacks.values())
    stage.say(f"{len(stage.synthesis.stacks)} stacks, {total} resources in {stage.synthesis.out}")


def _start(stage: Stage) -> None:
    from sagekeep.local import instance  # noqa: PLC0415

    settings = stage.synthesis.settings if stage.synthesis else {}
    roles = settings.get("deploy", {}).get("roles", [])
    shutil.rmtree(stage.home / "work" / "state", ignore_errors=True)  # of an account that is no more
    stage.instance = instance.up(
        stage.home,
        account_id=settings["account_id"],
        region=settings["region"],
        deploy_role=roles[0] if roles else None,
        progress=stage.say,
    )
    stage.environ = stage.instance.environment()
    stage.say(f"account {stage.instance.account_id} in {stage.instance.region}, as {stage.instance.admin}")


def _bootstrap(stage: Stage) -> None:
    result = StateHome(stage.operations()).bootstrap(quick=True)
    stage.say(f"{result.status}: {result.add} resources")


def _deploy(stage: Stage) -> None:
    results = stage.operations().deploy()
    _tell(stage, results)
    _require(results, "deploy", lambda result: result.ok)


def _plan_again(stage: Stage) -> None:
    results = stage.operations().plan()
    _tell(stage, results)
    _require(results, "a second plan wants changes", lambda r: r.status == "unchanged" and not r.warnings)


def _open_studio(stage: Stage) -> None:
    from sagekeep import studio_visit  # noqa: PLC0415

    stage.say(studio_visit.open_app(stage.environ, stage.instance.region))


def _destroy(stage: Stage) -> None:
    results = destroy_all(stage.operations())
    _tell(stage, results)
    _require(results, "destroy", lambda result: result.status in ("destroyed", "nothing there"))


def _prove_empty(stage: Stage) -> None:
    from sagekeep.local import leftovers  # noqa: PLC0415

    left = leftovers.left(stage.instance)
    if left:
        raise OperationError(f"destroy left {len(left)} resources behind: {', '.join(map(str, left))}")
    stage.say("nothing is left in the account")


def _stop(stage: Stage) -> None:
    from sagekeep.local import instance  # noqa: PLC0415

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient Ctrl-C must not leave a server behind
    try:
        instance.down(stage.home)
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(stage: Stage, results: Mapping[str, StackResult]) -> None:
    from sagekeep import report  # noqa: PLC0415

    report.show(stage.console, results)


def _require(results: Mapping[str, StackResult], what: str, good: Callable[[StackResult], bool]) -> None:
    bad = [f"{result.stack} ({result.status})" for result in results.values() if not good(result)]
    if bad:
        raise OperationError(f"{what}: {', '.join(bad)}")


PHASES = (
    Phase("doctor", _doctor),
    Phase("synthesize", _synthesize),
    Phase("start the local AWS", _start),
    Phase("make the state backend", _bootstrap),
    Phase("deploy", _deploy),
    Phase("plan again", _plan_again),
    Phase("open Studio", _open_studio),
    Phase("destroy", _destroy),
    Phase("prove that nothing is left", _prove_empty),
)
