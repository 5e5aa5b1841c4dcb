"""The pipeline's document: a pure function of its configuration.

Preprocess -> Train -> CreateModel -> EndpointConfig -> Endpoint. Each step takes what it needs from
the one before through `Get`, which is also what orders them: two literal URIs would start both at once.
The document's format: https://docs.aws.amazon.com/sagemaker/latest/dg/define-pipeline.html and the
published schema; the arguments are those of the Create calls, without the names that the service sets.

There is no `PipelineExperimentConfig`: with it each execution would also make an experiment and a trial,
which needs CreateExperiment, CreateTrial and AssociateTrialComponent on the pipeline's role, leaves
them behind on destroy, and tells nothing that the execution does not tell.

docs/pipeline.md says what each script finds where, and what a person may change for one execution.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from pipeline_manager import steps
from pipeline_manager.configuration import KNOWN_PRESETS, PipelineConfiguration

__all__ = ["PipelineConfiguration", "build_definition", "canonical_sha256", "definition_json", "definition_sha256"]

VERSION = "2020-12-01"
# A folder of its own: other data, each under a prefix of its own, lie beside it below raw/.
DEFAULT_DATA = "raw/default/"
_STEPS = (steps.preprocess, steps.train, steps.create_model, steps.endpoint_config, steps.endpoint)


def build_definition(configuration: PipelineConfiguration) -> dict[str, Any]:
    """The pipeline's document. The same configuration gives the same document, always."""
    definition = {
        "Version": VERSION,
        "Metadata": {},
        "Parameters": _parameters(configuration),
        "Steps": [step(configuration) for step in _STEPS],
    }
    # Steps share constants; a caller that changes its document must not change the next one.
    return copy.deepcopy(definition)


def definition_json(definition: dict[str, Any]) -> str:
    """The document's canonical text: sorted keys, no white space, ASCII only."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def definition_sha256(definition: dict[str, Any]) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(definition_json(definition).encode()).hexdigest()


def canonical_sha256(text: str) -> str:
    """SHA-256 of a live document whatever its white space and order of keys.

    Text that is not a JSON object is hashed as it is: it can equal no document of ours.
    """
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return definition_sha256(document)
    return hashlib.sha256(text.encode()).hexdigest()


def _parameters(configuration: PipelineConfiguration) -> list[dict[str, Any]]:
    """What a person may change from one execution to the next."""
    return [
        {
            "Name": "InputDataUri",
            "Type": "String",
            "DefaultValue": f"s3://{configuration.bucket}/{DEFAULT_DATA}",
        },
        {"Name": "Label", "Type": "String", "DefaultValue": configuration.label},
        {
            "Name": "Presets",
            "Type": "String",
            "DefaultValue": configuration.presets,
            # A pattern is not to be had; SageMaker refuses an execution with any other value.
            "EnumValues": sorted({*KNOWN_PRESETS, configuration.presets}),
        },
        {"Name": "TimeLimitSeconds", "Type": "Integer", "DefaultValue": configuration.time_limit_seconds},
    ]
