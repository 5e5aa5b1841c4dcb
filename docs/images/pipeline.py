"""Draws the steps as the pipeline's definition has them; run it after changing the definition.

    .venv/bin/python docs/images/pipeline.py > docs/images/pipeline.svg

Left of a step stands what it reads, right of it what it makes; arrows lead from a result to the step that takes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drawing import LINE, STEP, Drawing

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lambda_src" / folder) for folder in ("shared", "pipeline_manager")]

from pipeline_manager.definition import PipelineConfiguration, build_definition  # noqa: E402 - found on the path above

# Names that read as what they stand for; sizes and ids are not drawn.
CONFIGURATION = {
    "pipeline_name": "ml-pipeline",
    "pipeline_role_arn": "arn:aws:iam::123456789012:role/pipeline",
    "job_role_arn": "arn:aws:iam::123456789012:role/job",
    "description": "",
    "tags": {},
    "bucket": "data-bucket",
    "code_prefix": "code/HASH",
    "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/1",
    "subnet_ids": ["subnet-1"],
    "security_group_ids": ["sg-1"],
    "images": {"process": "scikit-learn", "train": "autogluon-training", "inference": "autogluon-inference"},
    "instances": {"process": "ml.m5.large", "train": "ml.m5.large", "endpoint": "ml.m5.large"},
    "instance_counts": {"endpoint": 1},
    "volume_gib": {"process": 30, "train": 30},
    "max_runtime_seconds": {"process": 3600, "train": 3600},
    "label": "label",
    "problem_type": "",
    "seed": 0,
    "test_fraction": 0.2,
    "presets": "medium_quality",
    "time_limit_seconds": 600,
    "endpoint_name": "ml-pipeline",
}
LEFT, MIDDLE, RIGHT, WIDTH = 20, 400, 830, 1200
BOX, GAP, TOP = 340, 50, 20
FILLS = {"Processing": "#fdf6e9", "Training": "#fdf6e9"}
Json = dict[str, Any]


def gets(value: Any) -> Iterator[str]:
    """Every reference in a part of the definition."""
    if isinstance(value, dict):
        if isinstance(value.get("Get"), str):
            yield value["Get"]
        for item in value.values():
            yield from gets(item)
    elif isinstance(value, list):
        for item in value:
            yield from gets(item)


def shown(value: Any) -> str:
    """A text or reference as a reader sees it; URIs without the bucket."""
    if isinstance(value, dict) and "Std:Join" in value:
        join = value["Std:Join"]
        return str(join["On"].join(shown(item) for item in join["Values"]))
    if isinstance(value, dict):
        root, _, name = value["Get"].partition(".")
        return "EXECUTION" if root == "Execution" else name
    return re.sub(r"^s3://data-bucket/", "", str(value))


def reads(step: Json) -> list[str]:
    """What comes from the bucket, and the parameters of the execution that the step uses."""
    arguments = step["Arguments"]
    sources = {item["InputName"]: item["S3Input"]["S3Uri"] for item in arguments.get("ProcessingInputs", [])}
    sources |= {
        c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in arguments.get("InputDataConfig", [])
    }
    inputs = [f"{name}: {shown(uri)}" for name, uri in sources.items() if not any(taken(uri))]
    named = dict.fromkeys(get.partition(".")[2] for get in gets(arguments) if get.startswith("Parameters."))
    parameters = [name for name in named if not any(line.endswith(f": {name}") for line in inputs)]
    return [*inputs, *([f"parameters: {', '.join(parameters)}"] if parameters else [])]


def makes(step: Json) -> list[str]:
    """Where the step's results lie, or what they are called."""
    arguments = step["Arguments"]
    outputs = arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
    found = [f"{item['OutputName']}: {shown(item['S3Output']['S3Uri'])}/" for item in outputs]
    if "OutputDataConfig" in arguments:
        found.append(f"{shown(arguments['OutputDataConfig']['S3OutputPath'])}/")
    if step["Type"] == "Model":
        found.append("a model, named by the service")
    if step["Type"] == "EndpointConfig":
        found.append(f"{shown(arguments['EndpointConfigName'])} with a suffix of the service")
    if step["Type"] == "Endpoint":
        found.append(f"{shown(arguments['EndpointName'])}, new or updated")
    return found


def taken(value: Any) -> Iterator[tuple[str, str]]:
    """Step and property of every result that a part of the definition takes from another step."""
    for get in gets(value):
        root, _, rest = get.partition(".")
        if root == "Steps":
            name, _, path = rest.partition(".")
            quoted = re.search(r"\['([^']+)'\]", path)
            yield name, quoted[1] if quoted else path.split(".")[-1]


def features(step: Json) -> list[str]:
    """What the box says below the step's name."""
    arguments = step["Arguments"]
    image = (
        arguments.get("AppSpecification", {}).get("ImageUri")
        or arguments.get("AlgorithmSpecification", {}).get("TrainingImage")
        or arguments.get("PrimaryContainer", {}).get("Image")
    )
    network = arguments.get("NetworkConfig", arguments)
    sealed = network.get("EnableNetworkIsolation") and network.get("VpcConfig")
    notes = [
        "isolated, in the VPC" if sealed else "",
        f"cached for {step['CacheConfig']['ExpireAfter']}" if "CacheConfig" in step else "",
        "retried" if "RetryPolicies" in step else "",
    ]
    return [line for line in (f"image: {image}" if image else "", ", ".join(note for note in notes if note)) if line]


def draw(steps: list[Json]) -> str:
    """The picture: a row for each step, in the order of the definition."""
    heights = [35 + STEP * max(len(features(s)), len(reads(s)) - 1, len(makes(s)) - 1, 1) for s in steps]
    picture = Drawing(WIDTH, TOP + sum(heights) + GAP * (len(steps) - 1) + TOP)
    places: dict[str, tuple[int, int]] = {}
    y = TOP
    for step, height in zip(steps, heights, strict=True):
        title = step["Name"] if step["Name"] == step["Type"] else f"{step['Name']} ({step['Type']})"
        picture.box(MIDDLE, y, BOX, height, title, features(step), FILLS.get(step["Type"], "#f4f8fb"))
        beside(picture, LEFT, y, reads(step), ((MIDDLE - 60, y + 20), (MIDDLE - 2, y + 20)))
        beside(picture, RIGHT, y, makes(step), ((MIDDLE + BOX, y + 20), (RIGHT - 12, y + 20)))
        for at, (name, label) in enumerate(dict.fromkeys(taken(step["Arguments"]))):
            x = MIDDLE + 60 + 120 * at
            picture.arrow([(x, places[name][1]), (x, y - 2)])
            picture.text(x + 10, y - GAP // 2 + 5, label, size=13, color=LINE)
        places[step["Name"]] = (y, y + height)
        y += height + GAP
    return picture.svg()


def beside(picture: Drawing, x: int, y: int, lines: list[str], arrow: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """Lines left or right of a box, and the arrow that joins them to it."""
    for at, line in enumerate(lines):
        picture.text(x, y + 25 + STEP * at, line)
    if lines:
        picture.arrow(arrow)


if __name__ == "__main__":
    sys.stdout.write(draw(build_definition(PipelineConfiguration.parse(CONFIGURATION))["Steps"]) + "\n")
