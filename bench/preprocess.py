"""Sends large CSV files through ml_src/preprocess, as a job would, and prints peak memory and seconds of CPU.

.venv/bin/python bench/preprocess.py [--megabytes N] [--python PATH]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "ml_src" / "preprocess" / "preprocess.py"
PYTHON = ROOT / ".venv-sklearn" / "bin" / "python"
MEGABYTE = 1_000_000

# What is hard in a file differs: parsing long numbers, the many cells of short ones, the objects that text becomes.
Row = Callable[[random.Random], list[str]]
SHAPES: dict[str, Row] = {
    "long numbers": lambda chance: [f"{chance.random():.15f}" for _ in range(8)],
    "single digits": lambda chance: list(f"{chance.getrandbits(59):018d}"),
    "words": lambda chance: [f"w{chance.getrandbits(20):x}" for _ in range(8)],
    "long texts": lambda chance: [f"{chance.getrandbits(1600):x}"],
}


def write_table(path: Path, row: Row, size: int, *, seed: int = 5) -> None:
    """A CSV file of at least `size` bytes with a label of two classes."""
    chance = random.Random(seed)  # noqa: S311 - data, no secret
    with path.open("w") as file:
        file.write(",".join([*(f"column {number}" for number, _ in enumerate(row(chance))), "label"]) + "\n")
        while file.tell() < size:
            file.writelines(",".join([*row(chance), chance.choice(("yes", "no"))]) + "\n" for _ in range(1000))


def measure(python: Path, base: Path) -> tuple[int, float, float]:
    """Exit code of the script on <base>/processing/input/data, its peak memory in MB, its seconds of CPU."""
    command = [str(python), str(SCRIPT), "--label", "label"]
    child = subprocess.Popen(
        command, env={"SAGEMAKER_BASE_DIR": str(base), "PYTHONDONTWRITEBYTECODE": "1"}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime  # maxrss: kilobytes on Linux


def main() -> int:
    """A row for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--python", type=Path, default=PYTHON, help="an interpreter with pandas and scikit-learn")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; preprocess on {options.megabytes} MB of CSV\n")
    print(f"{'file':<16}{'peak MB':>10}{'CPU s':>10}")
    worst = 0
    for name, row in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "processing" / "input" / "data"
            data.mkdir(parents=True)
            write_table(data / "data.csv", row, options.megabytes * MEGABYTE)
            code, megabytes, seconds = measure(options.python, Path(folder))
        print(f"{name:<16}{megabytes:>10.0f}{seconds:>10.1f}{'' if code == 0 else f'   exit code {code}'}")
        worst = max(worst, abs(code))
    return worst


if __name__ == "__main__":
    sys.exit(main())
