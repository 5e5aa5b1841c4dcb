"""The picture in the documentation shows the definition as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.definition import build_definition
from samples import sample

IMAGES = Path(__file__).parents[3] / "docs" / "images"


def test_the_picture_of_the_steps_is_the_one_that_its_script_draws() -> None:
    drawn = subprocess.run([sys.executable, IMAGES / "pipeline.py"], capture_output=True, text=True, check=True).stdout
    committed = (IMAGES / "pipeline.svg").read_text(encoding="utf-8")
    assert drawn == committed, "run: .venv/bin/python docs/images/pipeline.py > docs/images/pipeline.svg"


def test_the_picture_names_every_step_and_every_parameter() -> None:
    definition = build_definition(PipelineConfiguration.parse(sample()))
    words = set(re.findall(r"\w+", (IMAGES / "pipeline.svg").read_text(encoding="utf-8")))
    assert {item["Name"] for item in [*definition["Steps"], *definition["Parameters"]]} <= words
