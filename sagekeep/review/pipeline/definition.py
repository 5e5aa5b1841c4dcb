"""Builds the definitions of two configurations with the code that lies in the project, in an interpreter of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sagekeep.review.masking import UNKNOWN

Json = Mapping[str, Any]
_SECONDS = 30
# What is known after the apply, spelled so that the code takes it for a name, an id or a part of an ARN.
_PLACEHOLDER = "known-after-apply"
_KEY_ARN = f"arn:aws:kms:us-east-1:000000000000:key/{_PLACEHOLDER}"
_ROLE_ARN = f"arn:aws:iam::000000000000:role/{_PLACEHOLDER}"
_BUILD = """
import json, sys
sys.path[:0] = sys.argv[1:]
from pipeline_manager.definition import PipelineConfiguration, build_definition
print(json.dumps([build_definition(PipelineConfiguration.parse(one)) for one in json.load(sys.stdin)]))
"""


def both(root: Path | None, before: Json, after: Json) -> tuple[Json, Json] | None:
    """The two definitions; None where there is no such code, or it refuses one of the configurations."""
    folders = [root / "lambda_src" / name for name in ("pipeline_manager", "shared")] if root else []
    if not folders or not all(folder.is_dir() for folder in folders):
        return None
    command = [sys.executable, "-I", "-B", "-c", _BUILD, *map(str, folders)]
    given = json.dumps([_spelled(before), _spelled(after)])
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    built = done.stdout
    for spelled in (_KEY_ARN, _ROLE_ARN, _PLACEHOLDER):
        built = built.replace(spelled, UNKNOWN)
    old, new = json.loads(built)
    return old, new


def _spelled(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _spelled(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item, key) for item in value]
    if value == UNKNOWN and key.endswith("_arn"):
        return _KEY_ARN if "kms" in key else _ROLE_ARN
    if value == UNKNOWN:
        return _PLACEHOLDER
    return value
