"""The scripts keep to what the containers give them: their Python, their libraries, no network."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sagekeep.runs import start
from sagekeep.settings import Pipeline
from sagekeep.settings_fields import Label

sys.path.append(str(Path(__file__).resolve().parents[2] / "lambda_src" / "pipeline_manager"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "lambda_src" / "shared"))
from pipeline_manager import configuration

ML_SRC = Path(__file__).resolve().parents[2] / "ml_src"
SCRIPTS = sorted(ML_SRC.rglob("*.py"))
# Folder -> what its image holds beside the standard library, and the oldest Python among the supported images.
IMAGES = {
    "preprocess": ({"numpy", "pandas", "sklearn"}, (3, 9)),
    "train": ({"numpy", "pandas", "sklearn", "autogluon"}, (3, 11)),
    "inference": ({"numpy", "pandas", "sklearn", "autogluon", "sagemaker_inference"}, (3, 11)),
}


def imported(tree: ast.AST) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def test_every_container_has_its_script() -> None:
    for script in ("preprocess/preprocess.py", "train/train.py", "inference/inference.py"):
        assert (ML_SRC / script).is_file()
    assert {script.parent.name for script in SCRIPTS} == set(IMAGES)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_imports_only_what_its_container_holds(script: Path) -> None:
    libraries, python = IMAGES[script.parent.name]
    tree = ast.parse(script.read_text(), feature_version=python)
    siblings = {path.stem for path in script.parent.glob("*.py")}
    foreign = imported(tree) - libraries - siblings - set(sys.stdlib_module_names)
    assert foreign == set()
    assert imported(tree) & {"boto3", "botocore", "socket", "urllib", "requests"} == set()


def test_no_requirements_file_makes_a_container_reach_for_the_internet() -> None:
    assert list(ML_SRC.rglob("requirements*.txt")) == []


def test_preprocess_and_the_endpoint_agree_on_what_is_missing(payload: ModuleType) -> None:
    assert set(constant("preprocess/preprocess.py", "MISSING")) == payload.MISSING


def constant(script: str, name: str) -> Any:
    """A constant of a script that cannot be imported here."""
    tree = ast.parse((ML_SRC / script).read_text())
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
    )
    return ast.literal_eval(value)


def test_every_place_takes_the_same_labels_and_presets() -> None:
    scripts = {constant(script, "LABEL") for script in ("preprocess/preprocess.py", "train/train.py")}
    assert scripts | {start.LABELS} == {configuration.LABEL}
    assert constant("train/train.py", "PRESETS") == configuration.PRESETS
    schema = Pipeline.model_json_schema()["properties"]["presets"]
    assert schema["pattern"] == f"^{configuration.PRESETS}$"


@given(st.from_regex(TypeAdapter(Label).json_schema()["pattern"], fullmatch=True))
def test_what_the_settings_take_for_a_label_is_taken_everywhere(label: str) -> None:
    assert re.fullmatch(configuration.LABEL, label)


@pytest.mark.parametrize(
    "ml_python", [".venv-ml", pytest.param(".venv-ml16", marks=pytest.mark.slow)], indirect=True, ids=str
)
def test_autogluon_has_the_presets_that_an_execution_may_name(ml_python: str) -> None:
    ask = "import json; from autogluon.tabular.configs import presets_configs as p; "
    ask += "print(json.dumps([*p.tabular_presets_dict, *p.tabular_presets_alias]))"
    done = subprocess.run([ml_python, "-c", ask], capture_output=True, text=True, timeout=120, check=True)
    assert set(configuration.KNOWN_PRESETS) <= set(json.loads(done.stdout.splitlines()[-1]))
