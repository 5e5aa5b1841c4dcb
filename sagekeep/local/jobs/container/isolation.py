"""The first process of a script's namespaces: arranges what it sees, starts it, and goes when it has gone.

`isolation.py PLAN COMMAND...` with PLAN as JSON (sandbox.py writes it); standard library only, run with -I -S. As the
first process of its namespace it forwards SIGTERM, which the kernel keeps from a first process without a handler, and
the kernel ends every other process of the namespace with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from types import FrameType
from typing import Any

# <sys/mount.h>
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC = 1, 2, 4, 32, 4096, 16384
_KEPT_FLAGS = _NOSUID | _NODEV | 8 | 1024 | 2048  # and NOEXEC, NOATIME, NODIRATIME: locked in a user namespace
_DETACH = 2
# <linux/sockios.h>, <net/if.h>
_SIOCSIFFLAGS, _UP = 0x8914, 0x1

_OPT = Path("/opt")
_libc = ctypes.CDLL(None, use_errno=True)


def main(argv: list[str]) -> int:
    """The script's exit code; 128 + n when signal n ended it."""
    plan = json.loads(argv[1])
    arrange(plan)
    if plan["loopback"]:
        raise_loopback()
    os.chdir(plan["home"][1])
    return supervise(argv[2:])


def arrange(plan: dict[str, Any]) -> None:
    """Put /opt/ml and the home in their places, and take out of sight what is to be hidden."""
    stage = Path(plan["stage"])
    mount(_OPT, stage, flags=_BIND | _REC)
    mount("tmpfs", _OPT, kind="tmpfs", flags=_NOSUID | _NODEV, data="mode=755,size=1m")
    own = {Path("/opt/ml"): plan["ml"], Path(plan["home"][1]): plan["home"][0]}
    for entry in stage.iterdir():
        if _OPT / entry.name not in own:
            carry_over(entry, _OPT / entry.name)
    for target, source in own.items():
        target.mkdir()
        mount(source, target, flags=_BIND | _REC)
    if plan["read_only"]:
        make_read_only(Path(plan["read_only"]))
    if _libc.umount2(os.fsencode(stage), _DETACH):
        raise OSError(ctypes.get_errno(), f"umount {stage}")
    for folder in plan["hidden"]:
        if Path(folder).is_dir():
            mount("tmpfs", folder, kind="tmpfs", flags=_RDONLY | _NOSUID | _NODEV, data="mode=755,size=4k")


def carry_over(entry: Path, target: Path) -> None:
    """One entry of the host's /opt: an interpreter may live there."""
    if entry.is_symlink():
        target.symlink_to(entry.readlink())
        return
    if entry.is_dir():
        target.mkdir()
    else:
        target.touch()
    mount(entry, target, flags=_BIND | _REC)


def make_read_only(folder: Path) -> None:
    """Mount a folder over itself for reading only."""
    mount(folder, folder, flags=_BIND)
    flags = os.statvfs(folder).f_flag & _KEPT_FLAGS
    mount("none", folder, flags=_REMOUNT | _BIND | _RDONLY | flags)


def mount(source: str | Path, target: str | Path, *, kind: str = "none", flags: int = 0, data: str = "") -> None:
    """mount(2).

    Raises:
        OSError: the kernel refuses.
    """
    arguments = [os.fsencode(source), os.fsencode(target), kind.encode()]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode()):
        code = ctypes.get_errno()
        raise OSError(code, f"mount {source} on {target}: {os.strerror(code)}")


def raise_loopback() -> None:
    """A new network namespace has a loopback interface that is down; programs expect 127.0.0.1 to work."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _UP))


def supervise(command: list[str]) -> int:
    """Run the command in a session of its own, pass SIGTERM on, collect whatever ends, return its exit code."""
    script = 0

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if script:
            os.kill(script, number)

    signal.signal(signal.SIGTERM, pass_on)
    script = os.fork()
    if script == 0:
        start(command)
    while True:
        pid, status = os.wait()
        if pid == script:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def start(command: list[str]) -> None:
    """Become the command; 127 when there is no such program."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
