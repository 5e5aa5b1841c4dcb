"""Modules exported from real environments are the same stacks: the same addresses, and all that they had."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sagekeep import synthesis
from sagekeep.estate.export import files_of, modules_of
from sagekeep.estate.modules.module import Module
from sagekeep.estate.modules.tags import taggable
from sagekeep.terraform import Terraform
from synths import Synth

ROOT = synthesis.project_root()


@pytest.fixture(params=["poc", "prod", "options"])
def written(request: pytest.FixtureRequest, poc: Synth, prod: Synth, with_options: Synth) -> Synth:
    """Two environments of the repository, and one with every option."""
    return {"poc": poc, "prod": prod, "options": with_options}[request.param]


@pytest.fixture
def modules(written: Synth) -> dict[str, Module]:
    return {module.name: module for module in modules_of(synthesis.load(ROOT, "x", written.out))}


def addresses(document: dict[str, Any]) -> set[str]:
    """Of resources, data sources and checks; not of reads of other stacks of the environment."""
    found = {f"{kind}.{name}" for kind, group in document.get("resource", {}).items() for name in group}
    found |= {
        f"data.{kind}.{name}"
        for kind, group in document.get("data", {}).items()
        for name in group
        if kind != "terraform_remote_state"
    }
    return found | {f"check.{name}" for name in document.get("check", {})}


def test_addresses_in_a_module_are_those_of_its_stack(written: Synth, modules: dict[str, Module]) -> None:
    assert set(modules) == set(written.stacks) - {"state"}
    for name, module in modules.items():
        assert addresses(dict(module.main)) == addresses(written.stacks[name]), name


def test_a_module_says_what_its_stack_says(written: Synth, modules: dict[str, Module]) -> None:
    """Nothing differs but reads, tags, and where files lie."""
    for name, module in modules.items():
        for kind, bodies in written.stacks[name]["resource"].items():
            for resource, body in bodies.items():
                made = module.main["resource"][kind][resource]
                assert plain(made) == plain(body), f"{name}: {kind}.{resource}"


def plain(body: dict[str, Any]) -> Any:
    """A resource with reads and variables spelled alike, without tags and notes."""
    text = json.dumps({key: value for key, value in body.items() if key not in ("//", "tags")}, sort_keys=True)
    text = re.sub(r"data\.terraform_remote_state\.\w+\.outputs\.", "var.", text)
    return json.loads(text.replace("${path.module}/", ""))


def test_every_resource_has_the_tags_that_the_provider_gave_it(written: Synth, modules: dict[str, Module]) -> None:
    for name, module in modules.items():
        given = written.stacks[name]["provider"]["aws"][0]["default_tags"][0]["tags"]
        assert all(f'"{key}" = "{value}"' in module.main["locals"]["tags"] for key, value in given.items())
        for kind, bodies in module.main["resource"].items():
            for resource, body in bodies.items():
                assert ("local.tags" in str(body.get("tags", ""))) == (kind in taggable()), f"{name}: {kind}.{resource}"


def test_every_variable_and_output_is_described_and_typed(modules: dict[str, Module]) -> None:
    for module in modules.values():
        for name, block in module.variables.items():
            assert block["type"], name
            assert block["description"], name
            assert block["nullable"] is False, name
            # Whatever the caller must give is checked.
            assert "default" in block or block["validation"], name
        assert all(block["description"] for block in module.outputs.values())


def test_a_module_has_its_files_and_refers_to_no_others(modules: dict[str, Module]) -> None:
    for module in modules.values():
        referred = set(re.findall(r"\$\{path\.module\}/([\w./-]+)", json.dumps(module.main)))
        assert referred == set(module.assets), module.name


def test_nothing_in_the_modules_is_of_this_machine_or_of_cdktf(written: Synth, modules: dict[str, Module]) -> None:
    texts = [
        content.decode()
        for name, content in files_of(list(modules.values()), "x").items()
        if name.endswith((".tf.json", ".md"))
    ]
    for text in texts:
        assert '"//"' not in text
        assert "terraform_remote_state" not in text
        assert str(ROOT) not in text
        assert str(written.out) not in text


def test_the_same_stacks_give_the_same_bytes(poc: Synth) -> None:
    first, second = (files_of(modules_of(synthesis.load(ROOT, "poc", poc.out)), "poc") for _ in range(2))
    assert first == second


def test_the_output_does_not_depend_on_the_order_of_sets(poc: Synth, tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        folder = tmp_path / seed / "modules"
        made.append({file.relative_to(folder).as_posix(): file.read_bytes() for file in exported(poc, folder, seed)})
    assert made[0] == made[1]
    assert made[0]


def exported(poc: Synth, folder: Path, seed: str) -> Iterator[Path]:
    """What the command writes in a process of its own."""
    command = [sys.executable, "-m", "sagekeep", "estate", "export", "--as-synthesized", "--out", str(poc.out)]
    env = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([*command, "--module", str(folder)], cwd=ROOT, env=env, check=True, capture_output=True)
    return (file for file in sorted(folder.rglob("*")) if file.is_file())


def test_the_types_that_are_tagged_are_those_that_default_tags_reach(poc: Synth, tmp_path: Path) -> None:
    """The table in the tool beside the provider's own schema, where a type with `tags_all` heeds default_tags."""
    required = poc.stacks["keys"]["terraform"]["required_providers"]
    (tmp_path / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    variables = Terraform.of(synthesis.load(ROOT, "poc", poc.out)).variables()
    printed = b""
    for command in (["init", "-input=false"], ["providers", "schema", "-json"]):
        done = subprocess.run(["terraform", *command], cwd=tmp_path, env=variables, check=True, capture_output=True)
        printed = done.stdout
    (schema,) = json.loads(printed)["provider_schemas"].values()
    reached = {kind for kind, s in schema["resource_schemas"].items() if "tags_all" in s["block"]["attributes"]}
    assert taggable() == reached
