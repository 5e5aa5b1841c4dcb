"""The pipeline's definition, built by the function's own code from what Terraform would hand it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sagekeep.controls.view import View
from sagekeep.errors import OperationError
from sagekeep.prove.terraform import texts

_SECONDS = 30
# What AWS will choose stands in brackets, which the code refuses in an ARN; it is spelled out for the time being.
_SYMBOL = re.compile(r"<([^<>]*)>")
_SPELLED = re.compile(r"x((?:[0-9a-f]{2})+)x")
# In an interpreter of its own: the archive's packages have the names of the ones in lambda_src.
_BUILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pipeline_manager.definition import PipelineConfiguration, build_definition
print(json.dumps(build_definition(PipelineConfiguration.parse(json.load(sys.stdin)))))
"""


@dataclass(frozen=True)
class Definition:
    """The document of a pipeline, with the address of the configuration that it is built from."""

    address: str
    document: Mapping[str, Any]

    def steps(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and arguments of every step of some types, such as "Training"."""
        for step in self.document["Steps"]:
            if step["Type"] in types:
                yield step["Name"], step["Arguments"]


def definitions(view: View) -> tuple[Definition, ...]:
    """Every pipeline of the environment; built once for a view.

    Raises:
        OperationError: the manager's code does not build it.
    """
    if view not in _BUILT:
        _BUILT[view] = tuple(_definitions(view))
    return _BUILT[view]


_BUILT: WeakKeyDictionary[View, tuple[Definition, ...]] = WeakKeyDictionary()


def _definitions(view: View) -> Iterator[Definition]:
    archive = next((f for f in view.resources("aws_lambda_function") if "pipeline_manager" in f.text("handler")), None)
    if archive is None:
        return
    path = view.synthesis.stacks[archive.stack].folder / archive.text("filename")
    for data in view.resources("terraform_data"):
        configuration = data.body.get("input")
        if isinstance(configuration, Mapping) and "pipeline_name" in configuration:
            # Of what is brought, one symbol may stand for a list that only Terraform knows.
            lists = {key: texts(value) for key, value in configuration.items() if key.endswith("_ids")}
            yield Definition(data.address, _build(str(path), {**configuration, **lists}, data.address))


def _build(archive: str, configuration: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    command = [sys.executable, "-I", "-c", _BUILD, archive]
    given = _SYMBOL.sub(lambda found: f"x{found[1].encode().hex()}x", json.dumps(configuration))
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise OperationError(f"{address}: the pipeline's definition cannot be built: {last}")
    built = _SPELLED.sub(lambda found: f"<{bytes.fromhex(found[1]).decode()}>", done.stdout)
    document: Mapping[str, Any] = json.loads(built)
    return document
