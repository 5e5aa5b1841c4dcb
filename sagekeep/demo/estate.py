"""Phases about the environment: made, planned again, used, destroyed, and nothing left."""

from __future__ import annotations

import shutil
import signal

from sagekeep import doctor, synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.demo.stage import Stage, require
from sagekeep.errors import OperationError, UsageError
from sagekeep.settings_files import environment_name
from sagekeep.teardown import destroy_all


def examine(stage: Stage) -> None:
    """What this machine lacks ends the demo before it begins."""
    findings = doctor.examine(stage.root)
    for finding in findings:
        stage.say(f"{finding.name}: {finding.detail}")
    if not doctor.healthy(findings, local=True):
        missing = next(f for f in findings if f.status != "ok" and f.mend and f.name != "credentials")
        raise OperationError(f"{missing.name}: {missing.detail}", hint=missing.mend)


def synthesize(stage: Stage) -> None:
    """Settings to Terraform, in a folder of the demo's own for each environment.

    Raises:
        UsageError: what the settings make cannot be destroyed again.
    """
    out = stage.home / "out" / environment_name(stage.env)
    stage.synthesis = synthesis.synthesize(stage.root, stage.env, out, work=stage.home / "work")
    if stage.synthesis.settings.get("removal") != "destroy":
        raise UsageError(
            'the demo destroys what it makes, and these settings have removal = "retain"',
            hint='take settings with removal = "destroy"; `sagekeep local up` runs any',
        )
    total = sum(stage.resources.values())
    made, root = stage.synthesis.out, stage.root.resolve()
    place = made.relative_to(root) if made.is_relative_to(root) else made
    stage.say(f"{len(stage.resources)} stacks, {total} resources in {place}")


def start(stage: Stage) -> None:
    """An empty account."""
    from sagekeep.local import instance  # noqa: PLC0415 - needs the packages of the local AWS

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


def bootstrap(stage: Stage) -> None:
    """The place where Terraform's state lives."""
    result = StateHome(stage.operations()).bootstrap(quick=True)
    stage.say(f"{result.status}: {result.add} resources")


def deploy(stage: Stage) -> None:
    """All stacks."""
    results = stage.operations().deploy()
    stage.tell(results)
    require(results, "deploy", lambda result: result.ok)


def plan_again(stage: Stage) -> None:
    """A second plan must find nothing to change."""
    results = stage.operations().plan()
    stage.tell(results)
    require(results, "a second plan wants changes", lambda r: r.status == "unchanged" and not r.warnings)


def open_studio(stage: Stage) -> None:
    """A data scientist comes to work."""
    from sagekeep import studio_visit  # noqa: PLC0415

    stage.say(studio_visit.open_app(stage.environ, stage.instance.region))


def destroy(stage: Stage) -> None:
    """All stacks, and the state itself."""
    results = destroy_all(stage.operations())
    stage.tell(results)
    require(results, "destroy", lambda result: result.status in ("destroyed", "nothing there"))


def prove_empty(stage: Stage) -> None:
    """The account must be as on its first day."""
    from sagekeep.local import leftovers  # noqa: PLC0415

    left = leftovers.left(stage.instance)
    if left:
        raise OperationError(f"destroy left {len(left)} resources behind: {', '.join(map(str, left))}")
    stage.say("nothing is left in the account")


def stop(stage: Stage) -> None:
    """End the embedded AWS."""
    from sagekeep.local import instance  # noqa: PLC0415

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient Ctrl-C must not leave a server behind
    try:
        instance.down(stage.home)
    finally:
        signal.signal(signal.SIGINT, before)
