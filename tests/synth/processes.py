"""Memory of this process and of the jsii kernel, as the operating system counts it."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict


def memory() -> tuple[float, float]:
    """Resident megabytes: of this process, and of the largest of those that it started, at any depth."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    children, resident = defaultdict(list), {}
    for pid, parent, size in (map(int, line.split()) for line in table.splitlines()):
        children[parent].append(pid)
        resident[pid] = size / 1024
    below, todo = [], list(children[os.getpid()])
    while todo:
        pid = todo.pop()
        below.append(resident[pid])
        todo += children[pid]
    return resident[os.getpid()], max(below)
