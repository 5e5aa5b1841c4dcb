"""docs/synth.md and its picture show what the bench measured: nobody edits a figure by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"


def output(*command: str | Path, cwd: Path = ROOT) -> str:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_the_page_is_written_from_the_measurements() -> None:
    code = "import json, sys, synth_report; sys.stdout.write(synth_report.document(json.load(open(sys.argv[1]))))"
    written = output("-c", code, IMAGES / "synth.json", cwd=ROOT / "bench")
    assert written == (ROOT / "docs" / "synth.md").read_text(encoding="utf-8")


def test_the_picture_is_drawn_from_the_measurements_and_names_every_way() -> None:
    drawn = output(IMAGES / "synth.py")
    assert drawn == (IMAGES / "synth.svg").read_text(encoding="utf-8")
    for row in json.loads((IMAGES / "synth.json").read_text(encoding="utf-8"))["rows"]:
        assert f">{row['way']}</text>" in drawn
