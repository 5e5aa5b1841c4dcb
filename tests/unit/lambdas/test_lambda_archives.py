"""Each function runs from its archive on a Python that has boto3 and nothing else."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from samples import sample
from stacks.parts.archive import pack

LAMBDA_SRC = Path(__file__).parents[3] / "lambda_src"
# What goes into each archive, besides shared/.
ARCHIVES = {
    "pipeline_manager": ["pipeline_manager"],
    "pipeline_reader": ["pipeline_reader", "pipeline_manager"],
    "data_seed": ["data_seed"],
    "job_sweeper": ["job_sweeper"],
    "studio_sweeper": ["studio_sweeper"],
}
ALLOWED = {"boto3", "botocore", "sagekeep_runtime"}

IMPORT = "import json, sys; import {name}.handler as h; print(json.dumps([h.__file__, callable(h.handler)]))"
BUILD = """
import json, sys
from pipeline_manager.definition import PipelineConfiguration, build_definition, definition_sha256
print(json.dumps(definition_sha256(build_definition(PipelineConfiguration.parse(json.load(sys.stdin))))))
"""
DESCRIBE = """
import json, sys
from pipeline_reader.handler import handler
class Context:
    def get_remaining_time_in_millis(self): return 30000
print(json.dumps(handler({"action": "describe", "configuration": json.load(sys.stdin)}, Context())))
"""


def closure(name: str) -> set[str]:
    """A distribution and everything that it requires."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        needed = [line for line in importlib.metadata.requires(current) or [] if "extra ==" not in line]
        waiting += [re.split(r"[^A-Za-z0-9_.-]", line)[0].lower() for line in needed]
    return found


@pytest.fixture(scope="module")
def boto3_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links to boto3 and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    for name in closure("boto3"):
        for file in importlib.metadata.files(name) or []:
            top = file.parts[0]
            source = Path(str(importlib.metadata.distribution(name).locate_file(top)))
            target = folder / top
            if top not in ("..", "__pycache__") and not target.exists():
                target.symlink_to(source)
    return folder


class Isolated:
    def __init__(self, site: Path, archive: Path) -> None:
        self.path = [str(site), str(archive)]

    def run(self, code: str, stdin: object = None) -> object:
        start = f"import sys; sys.path += {self.path!r}\n"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", start + code],
            input=json.dumps(stdin),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def isolated(boto3_only: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Isolated:
    name: str = request.param
    archive = tmp_path / f"{name}.zip"
    archive.write_bytes(pack(*(LAMBDA_SRC / folder for folder in (*ARCHIVES[name], "shared"))))
    return Isolated(boto3_only, archive)


@pytest.mark.parametrize(("isolated", "name"), [(name, name) for name in ARCHIVES], indirect=["isolated"])
def test_the_handler_loads_from_the_archive(isolated: Isolated, name: str) -> None:
    file, is_callable = isolated.run(IMPORT.format(name=name))  # type: ignore[misc]
    assert ".zip" in file
    assert is_callable


@pytest.mark.parametrize("isolated", ["pipeline_manager", "pipeline_reader"], indirect=True)
def test_both_archives_build_the_same_definition_as_the_source(isolated: Isolated) -> None:
    from pipeline_manager.definition import PipelineConfiguration, build_definition, definition_sha256

    wanted = definition_sha256(build_definition(PipelineConfiguration.parse(sample())))
    assert isolated.run(BUILD, sample()) == wanted


@pytest.mark.parametrize("isolated", ["pipeline_reader"], indirect=True)
def test_the_reader_answers_without_region_credentials_or_network(isolated: Isolated) -> None:
    answer = isolated.run(DESCRIBE, sample())
    assert isinstance(answer, dict)
    assert (answer["status"], answer["in_sync"]) == ("unknown", True)


@pytest.mark.parametrize("isolated", ["pipeline_manager"], indirect=True)
def test_the_isolated_python_really_has_nothing_but_boto3(isolated: Isolated) -> None:
    code = "import importlib.util as u; import json; print(json.dumps([u.find_spec(n) is None for n in {names!r}]))"
    assert isolated.run(code.format(names=["pydantic", "cdktf", "pytest", "sagekeep"])) == [True] * 4


@pytest.mark.parametrize("name", [*ARCHIVES, "shared"])
def test_sources_import_the_standard_library_boto3_and_each_other_only(name: str) -> None:
    own = {"pipeline_manager"} if name == "pipeline_reader" else set()
    allowed = ALLOWED | own | {name} | set(sys.stdlib_module_names)
    for path in (LAMBDA_SRC / name).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {(node.module or "").split(".")[0]}
            else:
                continue
            assert names <= allowed, f"{path}: {names - allowed}"
