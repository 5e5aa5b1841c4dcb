"""Brings an environment onto the embedded AWS, as far as it is not there yet.

What was deployed is remembered as a hash of each stack's synthesized files, in the instance's `tmp`, which goes away
with its account.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sagekeep import report, stackset, synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import STATE_STACK, Operations, exit_code
from sagekeep.errors import OperationError
from sagekeep.local import instance as instances
from sagekeep.local.instance import Instance
from sagekeep.progress import Board
from sagekeep.runs.refusals import told
from sagekeep.runs.target import Target
from sagekeep.settings import Settings, environment_file, load
from sagekeep.settings_files import environment_name
from sagekeep.synthesis import Synthesis, project_root

_MEMORY = "tmp/deployed.json"
_TERRAFORMS_OWN = (".terraform", ".terraform.lock.hcl", "terraform.tfstate")


def start(home: Path, settings: Settings, console: Console) -> Instance:
    """The embedded AWS of `home` for an environment, started if none runs there.

    Raises:
        OperationError: another account or region runs there, or it does not start.
    """
    with console.status("Starting the local AWS"):
        return instances.up(
            home,
            account_id=settings.account_id,
            region=settings.region,
            deploy_role=next(iter(settings.deploy.roles), None),
            progress=console.print,
        )


def target_of(instance: Instance, env: str) -> Target:
    """Where runs of the environment happen on the instance."""
    lead = 'eval "$(sagekeep local env)" && '
    if instance.home != instances.DEFAULT_HOME.resolve():
        lead = f'eval "$(sagekeep local env --home {instance.home})" && '
    settings = load(environment_file(env, project_root() / "environments"))
    return Target(settings, env, instance.environment(), lead)


@dataclass(frozen=True)
class Deployment:
    """An environment and the instance it belongs on; `console` shows progress."""

    env: str
    instance: Instance
    console: Console

    def ensure(self) -> list[str]:
        """Deploys the stacks that are new or have changed, and those that build on them; their names.

        Raises:
            UsageError: the settings break rules.
            OperationError: terraform or the embedded AWS refused.
        """
        with self.console.status("Synthesizing"):
            wanted = synthesis.synthesize(project_root(), self.env, self._folder / "out", work=self._folder / "work")
        if self.instance.fresh:
            self._forget_states(wanted)
        prints = {name: fingerprint(stack.folder) for name, stack in wanted.stacks.items()}
        before = self._remembered() if self._is_there() else {}
        changed = [name for name, found in prints.items() if before.get(name) != found]
        chosen = [*changed, *stackset.consumers(wanted.stacks, changed)]
        if chosen:
            self._deploy(wanted, chosen)
            self._remember(before | prints)
        return [name for name in wanted.stacks if name in chosen]

    @property
    def _folder(self) -> Path:
        """Of its own for each environment, and none that a real account's Terraform works in."""
        return self.instance.home / "environments" / environment_name(self.env)

    def _deploy(self, wanted: Synthesis, chosen: list[str]) -> None:
        operations = Operations.of(wanted, self.instance.environment(), Board(self.console))
        if STATE_STACK in chosen:
            StateHome(operations).bootstrap(quick=True)
        results = operations.deploy(chosen)
        if exit_code(results):
            report.show(self.console, results)
            raise OperationError("the environment could not be deployed to the local AWS")

    def _forget_states(self, wanted: Synthesis) -> None:
        """States of an account that is no more."""
        shutil.rmtree(wanted.work / "state", ignore_errors=True)
        for file in (wanted.out / "stacks").glob("*.tfstate*"):
            file.unlink()

    def _is_there(self) -> bool:
        """Whether the pipeline exists: somebody may have destroyed what was deployed."""
        target = target_of(self.instance, self.env)
        with told("the pipelines cannot be listed"):
            found = target.client("sagemaker").list_pipelines(PipelineNamePrefix=target.settings.pipeline.name)
        return target.settings.pipeline.name in [item["PipelineName"] for item in found["PipelineSummaries"]]

    def _remembered(self) -> dict[str, str]:
        """Hashes of what was deployed, by stack; empty where nothing was."""
        file = self.instance.home / _MEMORY
        known: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.is_file() else {}
        return known.get(self.env, {})

    def _remember(self, prints: dict[str, str]) -> None:
        file = self.instance.home / _MEMORY
        known = json.loads(file.read_text()) if file.is_file() else {}
        file.write_text(json.dumps(known | {self.env: prints}))


def fingerprint(folder: Path) -> str:
    """Hash of a stack's synthesized files: names and contents, without what terraform put beside them."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and name.parts[0] not in _TERRAFORMS_OWN:
            digest.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
