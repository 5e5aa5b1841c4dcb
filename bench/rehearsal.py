"""Runs `sagekeep demo` and prints how long each phase took; exit code as the demo's.

.venv/bin/python bench/rehearsal.py [--env NAME] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rehearse(env: str) -> tuple[int, dict[str, object]]:
    """One run: exit code and the document that the demo prints."""
    command = [sys.executable, "-m", "sagekeep", "demo", "--json", "--env", env]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}


def main() -> int:
    """Prints a table: a row per phase, a column per run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="poc")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    runs = [rehearse(options.env) for _ in range(options.runs)]
    print(f"{os.cpu_count()} cores; seconds per phase")
    rows: dict[str, list[str]] = {}
    for _, document in runs:
        for phase in document.get("phases", []):  # type: ignore[attr-defined]
            rows.setdefault(phase["phase"], []).append(f"{phase['seconds']:8.1f}")
        rows.setdefault("total", []).append(f"{document.get('seconds', 0.0):8.1f}")
    for name in [*(n for n in rows if n != "total"), "total"]:
        print(f"{name:<28}{''.join(rows[name])}")
    return max(code for code, _ in runs)


if __name__ == "__main__":
    sys.exit(main())
