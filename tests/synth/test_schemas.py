"""What is emitted exists in the provider: in the tested line says terraform, in 6.25 the bindings made from it."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sagekeep import synthesis
from sagekeep.terraform import Terraform
from synths import Synth

META = {"//", "depends_on", "lifecycle", "provider", "count", "for_each", "connection", "provisioner"}


CHANGED_BY_OPTIONS = {"network", "storage", "pipeline"}


@pytest.mark.parametrize("environment", ["poc", "options"])
def test_terraform_validates_every_stack_with_nothing_but_its_files(
    environment: str, poc: Synth, with_options: Synth, tmp_path: Path
) -> None:
    written = {"poc": poc, "options": with_options}[environment]
    out = shutil.copytree(written.out, tmp_path / "out")  # other tests compare what synth wrote, and init writes, too
    terraform = Terraform.of(synthesis.load(synthesis.project_root(), environment, out))
    for stack in terraform.synthesis.stacks.values():
        if environment == "options" and stack.name not in CHANGED_BY_OPTIONS:
            continue  # the same as poc's
        terraform.init_anew(stack, "-backend=false")
        command = ["terraform", "validate", "-no-color"]
        done = subprocess.run(
            command, cwd=stack.folder, env=terraform.variables(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{stack.name}: {done.stdout}{done.stderr}"


def test_provider_6_25_knows_every_attribute(synthesized: Synth) -> None:
    """The bindings are generated from the schema of 6.25.0; their classes list its attributes and blocks."""
    assert _unknown_to_6_25(synthesized) == []


def test_provider_6_25_knows_every_attribute_of_the_options(with_options: Synth) -> None:
    assert _unknown_to_6_25(with_options) == []


def _unknown_to_6_25(synthesized: Synth) -> list[str]:
    unknown = []
    for stack, document in synthesized.stacks.items():
        for block, prefix in (("resource", ""), ("data", "data_")):
            for kind, bodies in document.get(block, {}).items():
                if kind in ("terraform_data", "terraform_remote_state"):
                    continue
                module, config = _config(prefix + kind)
                for name, body in bodies.items():
                    plain = {key: value for key, value in body.items() if key not in META}
                    unknown += [f"{stack}: {kind}.{name}: {path}" for path in _unknown(module, config, plain)]
    return unknown


def test_an_attribute_that_6_25_lacks_is_found() -> None:
    module, config = _config("data_aws_iam_policy_document")
    faulty = {"statement": [{"sid": "A", "conditions": []}], "nonsense": 1}
    assert sorted(_unknown(module, config, faulty)) == ["nonsense", "statement.conditions"]


@cache
def _config(kind: str) -> tuple[ModuleType, type]:
    """The bindings' module and configuration class of a type such as `aws_vpc` or `data_aws_vpc`."""
    name = kind.removeprefix("aws_")
    module = importlib.import_module(f"cdktf_cdktf_provider_aws.{name}")
    wanted = re.sub("[^a-z0-9]", "", f"{name}config")
    # cdktf names a class whose own name ends in "Configuration" with an A behind it, and its configuration likewise.
    spellings = (wanted, f"{wanted.removesuffix('config')}aconfig")
    candidates = [n for n in dir(module) if n.lower() in spellings]
    if not candidates:
        pytest.fail(f"no configuration class for {kind}")
    return module, getattr(module, candidates[0])


def _unknown(module: ModuleType, config: type, body: dict[str, Any]) -> list[str]:
    """Paths in a block that the class does not have, nested blocks included."""
    parameters = inspect.signature(config.__init__).parameters
    found = []
    for key, value in body.items():
        if key not in parameters:
            found.append(key)
            continue
        for name in re.findall(r"[A-Z]\w+", str(parameters[key].annotation)):
            nested = getattr(module, name, None)
            if isinstance(nested, type) and name.startswith(config.__name__.removesuffix("Config")):
                blocks = value if isinstance(value, list) else [value]
                found += [
                    f"{key}.{path}"
                    for block in blocks
                    if isinstance(block, dict)
                    for path in _unknown(module, nested, block)
                ]
                break
    return found
