"""plan, deploy and destroy with real terraform over small stacks."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from sagekeep.deploy import exit_code
from sagekeep.errors import UsageError
from sagekeep.locks import holders
from tests.unit.tool.conftest import Project, provisioner, python


def wait_for(file: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.02)


def three(project: Project) -> None:
    project.stack("keys")
    project.stack("network", "keys")
    project.stack("studio", "network")


def statuses(results: object) -> dict[str, str]:
    return {name: result.status for name, result in results.items()}  # type: ignore[attr-defined]


def test_a_stack_whose_producer_is_not_applied_reads_waits_for_it(project: Project) -> None:
    three(project)
    results = project.operations().plan()
    assert statuses(results) == {"keys": "planned", "network": "waits for keys", "studio": "waits for network"}
    assert (exit_code(results), exit_code(results, detailed=True)) == (0, 2)


def test_a_producers_new_output_makes_its_consumer_wait_though_the_producer_is_deployed(project: Project) -> None:
    three(project)
    project.operations().deploy()
    document = project.load().stacks["keys"].document()
    document["output"]["more"] = {"value": "${terraform_data.own.id}"}
    project.write("keys", document)
    consumer = project.load().stacks["network"].document()
    consumer["resource"]["terraform_data"]["new"] = {"input": "${data.terraform_remote_state.keys.outputs.more}"}
    project.write("network", consumer, ("keys",))
    assert statuses(project.operations().plan())["network"] == "waits for keys"


def test_deploy_then_plan_shows_no_change_and_destroy_leaves_nothing(project: Project) -> None:
    three(project)
    deployed = project.operations().deploy()
    assert [(r.status, r.add) for r in deployed.values()] == [("applied", 1), ("applied", 2), ("applied", 2)]
    planned = project.operations().plan()
    assert set(statuses(planned).values()) == {"unchanged"}
    assert exit_code(planned, detailed=True) == 0
    destroyed = project.operations().destroy()
    assert [(r.status, r.remove) for r in destroyed.values()] == [("destroyed", 1), ("destroyed", 2), ("destroyed", 2)]
    assert set(statuses(project.operations().destroy()).values()) == {"nothing there"}


def test_a_plan_names_what_it_would_change(project: Project) -> None:
    project.stack("keys")
    project.operations().deploy()
    project.stack("keys", more={"input": "x"})
    assert project.operations().plan()["keys"].changes == ("create terraform_data.more",)


def test_a_failing_check_warns_and_fails_nothing(project: Project) -> None:
    project.stack("keys")
    document = project.load().stacks["keys"].document()
    rule = {"condition": '${terraform_data.own.output == "other"}', "error_message": "the pipeline has drifted"}
    project.write("keys", document | {"check": {"live": {"assert": [rule]}}})
    project.operations().deploy()
    result = project.operations().plan()["keys"]
    assert (result.status, result.warnings) == ("unchanged", ("the pipeline has drifted",))


def test_a_failure_is_shown_once_keeps_consumers_from_starting_and_lets_others_finish(project: Project) -> None:
    project.stack("keys")
    project.stack("network", "keys", bad=provisioner("echo no zone left; exit 3"))
    project.stack("studio", "network")
    project.stack("storage", "keys")
    results = project.operations().deploy()
    expected = {"keys": "applied", "network": "failed", "studio": "not started", "storage": "applied"}
    assert statuses(results) == expected
    assert "no zone left" in results["network"].error
    assert exit_code(results) == 1


def test_the_deploy_after_a_repaired_failure_goes_on(project: Project) -> None:
    flag = project.root / "flag"
    project.stack("keys", bad=provisioner(f"test -e {flag}"))
    project.stack("network", "keys")
    assert statuses(project.operations().deploy()) == {"keys": "failed", "network": "not started"}
    flag.touch()
    assert statuses(project.operations().deploy()) == {"keys": "applied", "network": "applied"}


def test_independent_stacks_are_applied_at_the_same_time(project: Project) -> None:
    def meet(mine: str, other: str) -> str:
        there = f"test -e {project.root}/{other}"
        return f"touch {project.root}/{mine}; for i in $(seq 300); do {there} && exit 0; sleep 0.1; done; exit 1"

    project.stack("keys")
    project.stack("storage", "keys", meeting=provisioner(meet("a", "b")))
    project.stack("studio", "keys", meeting=provisioner(meet("b", "a")))
    assert exit_code(project.operations().deploy()) == 0


def test_a_stack_is_not_destroyed_below_one_that_stays(project: Project) -> None:
    three(project)
    project.operations().deploy()
    with pytest.raises(UsageError) as caught:
        project.operations().destroy(["network"])
    assert "studio" in caught.value.message
    assert "--stack studio" in caught.value.hint
    assert statuses(project.operations().destroy(["network", "studio"])) == {
        "network": "destroyed",
        "studio": "destroyed",
    }


def test_an_unknown_stack_is_refused_with_the_names_of_all(project: Project) -> None:
    three(project)
    with pytest.raises(UsageError, match="netwrok") as caught:
        project.operations().plan(["netwrok"])
    assert "keys, network, studio" in caught.value.hint


def test_ctrl_c_finishes_what_is_in_flight_starts_nothing_and_releases_the_lock(project: Project) -> None:
    begun, finished = project.root / "begun", project.root / "finished"
    # The shell command would end at once if the terminal's interrupt reached it: it must go to terraform alone.
    slow = python(f'import time,pathlib as p; p.Path("{begun}").touch(); time.sleep(1); p.Path("{finished}").touch()')
    project.stack("keys", slow=provisioner(slow))
    project.stack("network", "keys")
    operations = project.operations()

    def interrupt() -> None:
        wait_for(begun)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    results = operations.deploy()
    thread.join()
    assert results["network"].status == "not started"
    assert exit_code(results) == 1
    assert holders(project.load().stacks["keys"].folder) == []
    assert "finishing what is in flight" in project.progress.getvalue()
    assert exit_code(project.operations().deploy()) == 0


def test_the_handlers_of_interrupts_are_put_back(project: Project) -> None:
    before = signal.getsignal(signal.SIGINT)
    project.stack("keys")
    project.operations().plan()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_initialisation_is_spared_until_the_backend_or_a_provider_changes(project: Project) -> None:
    project.stack("keys")
    operations = project.operations()
    stack = operations.synthesis.stacks["keys"]
    assert not operations.terraform.is_initialised(stack)
    operations.terraform.init(stack)
    assert operations.terraform.is_initialised(stack)
    document = stack.document()
    document["terraform"]["backend"]["local"]["path"] = "../elsewhere.tfstate"
    project.write("keys", document)
    assert not operations.terraform.is_initialised(stack)


def test_the_output_of_each_terraform_stays_in_a_log(project: Project) -> None:
    project.stack("keys")
    project.operations().deploy()
    logs = project.root / ".sagekeep" / "poc" / "logs"
    assert "Apply complete!" in (logs / "keys-apply-auto-approve.log").read_text()
