"""Real terraform takes the modules: joined they are applied in the stacks' order, and what is wrong is named."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sagekeep.estate.export import export
from tests.unit.tool.conftest import Project, environment

ENDPOINT = "module.ml.module.network.terraform_data.endpoint"


@pytest.fixture
def root(project: Project) -> Path:
    """A root by hand around a network and a pipeline whose function works in the subnets."""
    backend = {name: {"backend": {"local": {"path": f"../{name}.tfstate"}}} for name in ("network", "pipeline")}
    network = {
        "terraform": backend["network"],
        "resource": {"terraform_data": {"vpc": {"input": "vpc"}, "endpoint": {"input": "${terraform_data.vpc.id}"}}},
        "output": {"subnet_ids": {"value": ["subnet-${terraform_data.vpc.id}"], "description": "Subnets"}},
    }
    remote = {"network": {"backend": "local", "config": {"path": "../network.tfstate"}}}
    read = '${join(",", data.terraform_remote_state.network.outputs.subnet_ids)}'
    pipeline = {
        "terraform": backend["pipeline"],
        "data": {"terraform_remote_state": remote},
        "resource": {"terraform_data": {"function": {"input": read}}},
        "output": {"function": {"value": "${terraform_data.function.output}", "description": "Where it works"}},
    }
    project.write("network", network)
    project.write("pipeline", pipeline, ("network",))
    folder = project.root / "root"
    export(project.load(), folder / "modules")
    (folder / "main.tf").write_text('module "ml" {\n  source = "./modules"\n}\n')
    return folder


def terraform(folder: Path, *arguments: str) -> str:
    """terraform's output; its exit code must be 0."""
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = environment() | {"CHECKPOINT_DISABLE": "1"}
    command = ["terraform", *arguments, "-no-color"]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def test_whoever_works_in_the_subnets_waits_for_the_whole_network(root: Path) -> None:
    """Also when it is destroyed: terraform goes by the dependencies that the state has."""
    terraform(root, "init")
    terraform(root, "apply", "-auto-approve")
    state = json.loads((root / "terraform.tfstate").read_text())
    instances = {f"{r.get('module', '')}.{r['type']}.{r['name']}": r["instances"][0] for r in state["resources"]}
    assert ENDPOINT in instances["module.ml.module.pipeline.terraform_data.function"]["dependencies"]
    assert "No changes" in terraform(root, "plan")
    terraform(root, "destroy", "-auto-approve")


def call_alone(root: Path, **arguments: Any) -> subprocess.CompletedProcess[str]:
    """A plan of the pipeline's module without the others."""
    alone = root / "alone"
    alone.mkdir()
    call = {"source": "../modules/pipeline", **arguments}
    (alone / "main.tf.json").write_text(json.dumps({"module": {"pipeline": call}}))
    terraform(alone, "init")
    return run(alone, "plan")


def test_a_module_can_be_called_alone(root: Path) -> None:
    done = call_alone(root, subnet_ids=["subnet-0a1b2c3d"])
    assert done.returncode == 0, done.stderr
    assert "module.pipeline.terraform_data.function will be created" in done.stdout


@pytest.mark.parametrize("given", [[], ["vpc-0a1b2c3d"]])
def test_a_wrong_argument_is_named_with_what_it_must_be(root: Path, given: list[str]) -> None:
    done = call_alone(root, subnet_ids=given)
    assert done.returncode == 1
    said = " ".join(done.stderr.replace("│", " ").split())
    assert "subnet_ids must have at least one element, and each must be the id of a subnet" in said


def test_what_the_app_deployed_can_be_moved_into_a_root(project: Project, root: Path) -> None:
    """As docs/modules.md has it: pull, move, push."""
    assert {result.status for result in project.operations().deploy().values()} == {"applied"}
    terraform(root, "init")
    (root / "root.tfstate").write_text(terraform(root, "state", "pull"))
    for stack in ("network", "pipeline"):
        source = root / f"{stack}.tfstate"
        source.write_text(terraform(project.out / "stacks" / stack, "state", "pull"))
        for address in terraform(project.out / "stacks" / stack, "state", "list").split():
            if not address.startswith("data."):
                moved = f"module.ml.module.{stack}.{address}"
                terraform(root, "state", "mv", f"-state={source}", "-state-out=root.tfstate", address, moved)
    terraform(root, "state", "push", "root.tfstate")
    assert "No changes" in terraform(root, "plan")
