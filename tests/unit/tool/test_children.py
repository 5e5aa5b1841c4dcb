"""Processes: their output, their interrupts, their end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import UserDict
from pathlib import Path

import pytest

from sagekeep.children import Children, StoppedError, interruptible
from tests.unit.tool.conftest import environment
from tests.unit.tool.test_operations import wait_for


def run(children: Children, folder: Path, code: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    command = [sys.executable, "-c", code]
    code_returned = children.run(command, cwd=folder, env=environment(), log=folder / "log", on_line=lines.append)
    return code_returned, lines


def test_every_line_arrives_whole_also_the_last_one_without_an_end(tmp_path: Path) -> None:
    text = """
import sys, time
for part in ("a", "b\\nc", "\\n", "d"):
    sys.stdout.write(part)
    sys.stdout.flush()
    time.sleep(0.1)
"""
    assert run(Children(), tmp_path, text) == (0, ["ab\n", "c\n", "d"])


def test_a_child_gets_one_interrupt_and_its_exit_code_is_kept(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"""
import signal, time, sys, pathlib
count = 0
def on(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, on)
pathlib.Path({str(ready)!r}).touch()
end = time.monotonic() + 20
while not count and time.monotonic() < end: time.sleep(0.02)
time.sleep(0.3)
sys.exit(10 + count)
"""
    children = Children()

    def interrupt() -> None:
        wait_for(ready)
        assert children.interrupt() == 1

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert run(children, tmp_path, code) == (11, [])
    thread.join()
    with pytest.raises(StoppedError):
        run(children, tmp_path, "pass")


def test_force_ends_a_child_that_ignores_interrupts_and_its_own_children(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"""
import signal, time, subprocess, sys, pathlib
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
pathlib.Path({str(ready)!r}).write_text(str(grandchild.pid))
time.sleep(120)
"""
    children = Children()

    def force() -> None:
        wait_for(ready)
        children.interrupt()
        children.force()

    thread = threading.Thread(target=force)
    thread.start()
    before = time.monotonic()
    assert run(children, tmp_path, code)[0] < 0
    thread.join()
    assert time.monotonic() - before < 30
    _await_end(int(ready.read_text()))


def test_an_error_in_the_reader_leaves_no_process(tmp_path: Path) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    command = [sys.executable, "-uc", "import os,time; print(os.getpid()); time.sleep(120)"]
    with pytest.raises(ValueError, match=r"\d+") as caught:
        Children().run(command, cwd=tmp_path, env=environment(), log=tmp_path / "log", on_line=fail)
    assert not _lives(int(str(caught.value)))


class InterruptedWhileRead(UserDict[str, str]):
    """An environment whose reader is interrupted: the moment at which a process is about to start."""

    def keys(self):
        os.kill(os.getpid(), signal.SIGINT)
        return super().keys()


@pytest.mark.timeout(60)
def test_ctrl_c_while_a_process_is_being_started_interrupts_that_process_too(tmp_path: Path) -> None:
    children, said = Children(), []
    command = [sys.executable, "-c", "import time; time.sleep(120)"]
    with interruptible(children, said.append):
        code = children.run(
            command,
            cwd=tmp_path,
            env=InterruptedWhileRead(environment()),
            log=tmp_path / "log",
            on_line=lambda _line: None,
        )
    assert code != 0
    assert len(said) == 1


def test_a_child_that_is_killed_leaves_nothing_that_it_started(tmp_path: Path) -> None:
    code = """
import os, signal, subprocess, sys
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
print(grandchild.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    returned, lines = run(Children(), tmp_path, code)
    assert returned == -signal.SIGKILL
    _await_end(int(lines[0]))


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _lives(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    """False too for a process that has ended and waits for its parent, which may be init."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
