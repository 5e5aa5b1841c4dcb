"""The scripts keep to what the containers give them: their Python, their libraries, no network."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

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
    tree = ast.parse((ML_SRC / "preprocess" / "preprocess.py").read_text())
    (missing,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "MISSING"
    )
    assert set(ast.literal_eval(missing)) == payload.MISSING
