"""The newest SageMaker SDK builds the pipeline from the same facts: our definition is the same, field by field."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.summary import Witnessed

ROOT = Path(__file__).parents[2]
for folder in ("lambda_src/shared", "lambda_src/pipeline_manager", "tests/unit/lambdas"):
    sys.path.append(str(ROOT / folder))

from pipeline_manager.configuration import PipelineConfiguration  # noqa: E402
from pipeline_manager.definition import build_definition  # noqa: E402
from samples import sample  # noqa: E402

WITNESS = "SageMaker SDK's definition"
PYTHON = ROOT / ".venv-sdk3" / "bin" / "python"
SCRIPT = Path(__file__).with_name("sdk") / "pipeline.py"
REGISTER = tomllib.loads(Path(__file__).with_name("sdk_differences.toml").read_text(encoding="utf-8"))["difference"]
SECONDS = 300
AUTOGLUON_16 = "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon:1.6-cpu-amzn2023"
# All fields are there in the first; in the others some are left out, or the images of AutoGluon 1.6 bring others.
CONFIGURATIONS: tuple[dict[str, Any], ...] = (
    sample(),
    sample(problem_type="", tags={}),
    sample(images={**sample()["images"], "train": AUTOGLUON_16, "inference": AUTOGLUON_16}),
)
_NAMES = ("Name", "InputName", "OutputName", "ChannelName", "VariantName", "Key")
_ABSENT = object()


@pytest.fixture(scope="module")
def documents() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Ours and theirs of each configuration."""
    ours = [build_definition(PipelineConfiguration.parse(document)) for document in CONFIGURATIONS]
    theirs = built(CONFIGURATIONS)
    return list(zip(ours, theirs, strict=True))


def built(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The SDK's definitions. It has no AWS to ask: it builds documents, and calls nobody."""
    if not PYTHON.exists():
        pytest.fail(".venv-sdk3 is not there: run `make setup-sdk`")
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(SCRIPT.parent), "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": nowhere, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_MAX_ATTEMPTS": "1",
        "SAGEMAKER_VALIDATE_ROLE": "false",
    }  # fmt: skip
    done = subprocess.run(
        [str(PYTHON), str(SCRIPT)],
        input=json.dumps(told),
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    answers = re.findall(r"^=== (.*)$", done.stdout, re.MULTILINE)
    assert len(answers) == 1, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(answers[0])
    return found


def fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a document by its path; a reference is one field, and so is a text, a number, an empty list."""
    if isinstance(value, dict) and value and not is_reference(value):
        for key, item in value.items():
            yield from fields(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from fields(item, f"{path}[{name_of(item, position)}]")
    else:
        yield path, value


def is_reference(value: dict[str, Any]) -> bool:
    return set(value) in ({"Get"}, {"Std:Join"})


def name_of(item: Any, position: int) -> Any:
    names = [item[key] for key in _NAMES if key in item] if isinstance(item, dict) else []
    return names[0] if names else position


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fields that are not the same as JSON, with both values: to Python, true is 1."""
    left, right = dict(fields(ours)), dict(fields(theirs))
    pairs = {path: (left.get(path, _ABSENT), right.get(path, _ABSENT)) for path in left | right}
    return {path: pair for path, pair in pairs.items() if told(pair[0]) != told(pair[1])}


def excuses(entry: Mapping[str, str], path: str, pair: tuple[Any, Any]) -> bool:
    said = tuple(json.loads(entry[side]) if side in entry else _ABSENT for side in ("ours", "theirs"))
    pattern = entry["field"].replace("[", "[[]")  # fnmatch's brackets are no names of items
    return fnmatch.fnmatchcase(path, pattern) and [*map(told, said)] == [*map(told, pair)]


def told(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value, sort_keys=True)


def test_the_sdk_builds_the_same_five_steps(
    documents: list[tuple[dict[str, Any], dict[str, Any]]], witnessed: Witnessed
) -> None:
    for ours, theirs in documents:
        assert [(s["Name"], s["Type"]) for s in theirs["Steps"]] == [(s["Name"], s["Type"]) for s in ours["Steps"]]
        unexcused = [
            f"{path}: ours is {told(pair[0])}, the SDK's {told(pair[1])}"
            for path, pair in differences(ours, theirs).items()
            if not any(excuses(entry, path, pair) for entry in REGISTER)
        ]
        assert unexcused == []
    witnessed(
        WITNESS, "fields compared", sum(len(dict(fields(ours)) | dict(fields(their))) for ours, their in documents)
    )


def test_every_entry_of_the_register_still_excuses_something(
    documents: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    found = [item for ours, theirs in documents for item in differences(ours, theirs).items()]
    stale = [entry["field"] for entry in REGISTER if not any(excuses(entry, path, pair) for path, pair in found)]
    assert stale == [], "take these out of sdk_differences.toml"


@pytest.mark.parametrize(
    ("step", "path", "value"),
    [
        ("Preprocess", ("NetworkConfig", "EnableNetworkIsolation"), False),
        ("Preprocess", ("NetworkConfig", "EnableNetworkIsolation"), 1),
        ("Train", ("ResourceConfig", "VolumeKmsKeyId"), "alias/aws/ebs"),
        ("Train", ("HyperParameters", "time_limit"), {"Get": "Parameters.TimeLimitSeconds"}),
        ("EndpointConfig", ("EndpointName",), "acme"),
    ],
)
def test_a_field_that_is_changed_or_that_no_call_has_is_a_difference(
    documents: list[tuple[dict[str, Any], dict[str, Any]]], step: str, path: tuple[str, ...], value: Any
) -> None:
    ours, theirs = json.loads(json.dumps(documents[0]))
    place = next(item for item in ours["Steps"] if item["Name"] == step)["Arguments"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    field = f"Steps[{step}].Arguments.{'.'.join(path)}"
    found = differences(ours, theirs)
    assert field in found
    assert not any(excuses(entry, field, found[field]) for entry in REGISTER)
