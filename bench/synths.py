"""Fifty synths of generated settings in one pytest process: what each took, and how memory grows.

    .venv/bin/python bench/synths.py

It is the test that proves them right, with its output shown; exit code as pytest's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEST = "tests/synth/test_generated_environments.py"

if __name__ == "__main__":
    command = [sys.executable, "-m", "pytest", "-q", "-s", "--durations=0", TEST]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
