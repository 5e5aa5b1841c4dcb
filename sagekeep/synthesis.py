"""Runs the template's main.py and reads what it wrote; the only way by which the tool knows the stacks."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from sagekeep import bindings, names
from sagekeep.errors import OperationError, UsageError
from sagekeep.settings_files import absolute, environment_name, is_file

SYNTH_SECONDS = 120


@dataclass(frozen=True)
class Stack:
    """One synthesized stack: a folder in which terraform runs.

    Attributes:
        depends_on: names of the stacks that must be applied before this one.
        resources: number of managed resources it declares.
    """

    name: str
    folder: Path
    depends_on: tuple[str, ...]
    resources: int

    def document(self) -> dict[str, Any]:
        """The stack's Terraform JSON."""
        loaded: dict[str, Any] = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))
        return loaded


@dataclass(frozen=True)
class Synthesis:
    """What one run of main.py wrote for one environment.

    Attributes:
        settings_file: the settings' path where the environment was given as one, else "".
    """

    environment: str
    root: Path
    out: Path
    stacks: Mapping[str, Stack]
    model: Mapping[str, Any] = field(default_factory=dict)
    work_folder: Path | None = None
    settings_file: str = ""

    def command(self, *words: str) -> str:
        """What to type in the project's folder: `sagekeep <words>` for these settings and this output folder."""
        options = ["--env", self.settings_file or self.environment]
        if self.out != (self.root / output_folder(self.environment)).resolve():
            options += ["--out", str(self.out)]
        return shlex.join(["sagekeep", *words, *options])

    @property
    def work(self) -> Path:
        """Folder for logs and half-finished business of this environment; never committed."""
        return self.work_folder or self.root / ".sagekeep" / self.environment

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings as main.py understood them."""
        return dict(self.model.get("settings", {}))

    @property
    def state(self) -> Mapping[str, Any]:
        """Where Terraform's state lives: backend, bucket, key alias, region."""
        return dict(self.model.get("state", {}))

    @property
    def in_s3(self) -> bool:
        """True where the stacks keep their state in S3."""
        return bool(self.state.get("backend", "local") == "s3")

    def chosen(self, names: list[str] | tuple[str, ...]) -> list[str]:
        """The stacks named, or all of them.

        Raises:
            UsageError: a name is not a stack.
        """
        for name in names:
            if name not in self.stacks:
                raise UsageError(f"there is no stack {name!r}", hint=f"stacks: {', '.join(self.stacks)}")
        return list(dict.fromkeys(names)) or list(self.stacks)


def project_root(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` that holds main.py and environments/.

    Raises:
        UsageError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "main.py").is_file() and (folder / "environments").is_dir():
            return folder
    raise UsageError(
        f"{here} is not inside a SageKeep project", hint="change to the folder that holds main.py and environments/"
    )


def output_folder(env: str) -> Path:
    """Where an environment is synthesized to, relative to the project: environments never share one."""
    return Path(names.output_folder(environment_name(env)))


def synthesize(root: Path, env: str, out: Path | None = None, *, work: Path | None = None) -> Synthesis:
    """Runs main.py for an environment and reads the result.

    Raises:
        UsageError: the settings break rules; the message lists all of them.
        OperationError: main.py failed otherwise.
    """
    target = (out or root / output_folder(env)).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)  # jsii makes only the last folder of a path
    code, said = _run_main(root, {**os.environ, "SAGEKEEP_ENV": absolute(env), "SAGEKEEP_OUT": str(target)})
    if code:
        raise _refusal(code, said)
    return replace(load(root, env, target), work_folder=work)


def _run_main(root: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """main.py's exit code and output. What it says of the bindings is passed on to stderr while it runs."""
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, str(root / "main.py")],
        cwd=root,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        limit = threading.Timer(SYNTH_SECONDS, running.kill)
        limit.start()
        try:
            for line in running.stdout or ():
                if line.startswith(bindings.SAYS):
                    print(line, end="", file=sys.stderr, flush=True)  # noqa: T201 - must be seen before it ends
                else:
                    said.append(line)
        finally:
            limit.cancel()
            running.kill()  # does nothing once it has ended by itself
    if running.returncode == -signal.SIGKILL:
        raise OperationError(f"main.py was killed: it took over {SYNTH_SECONDS} s, or memory ran out")
    return running.returncode, "".join(said)


def load(root: Path, env: str, out: Path | None = None) -> Synthesis:
    """Reads an output folder without running anything.

    Raises:
        UsageError: the folder holds no synthesized stacks.
    """
    target = (out or root / output_folder(env)).resolve()
    manifest = target / "manifest.json"
    if not manifest.is_file():
        hint = f"sagekeep synth --env {env}"
        raise UsageError(f"{target} holds no synthesized stacks", hint=f"run `{hint}` first")
    entries = json.loads(manifest.read_text(encoding="utf-8"))["stacks"]
    stacks = {name: _stack(target, name, entries[name]) for name in _in_order(entries)}
    model_file = target / "model.json"
    model = json.loads(model_file.read_text(encoding="utf-8")) if model_file.is_file() else {}
    file = absolute(env) if is_file(env) else ""
    return Synthesis(environment_name(env), root, target, stacks, model, settings_file=file)


def _in_order(entries: Mapping[str, Any]) -> list[str]:
    """Producers before consumers, and the state stack before all."""
    before = {name: entry.get("dependencies", ()) for name, entry in entries.items()}
    try:
        sorted_names = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise OperationError(f"stacks depend on each other in a circle: {' -> '.join(error.args[1])}") from error
    unknown = sorted(set(sorted_names) - set(entries))
    if unknown:
        raise OperationError(f"stacks that others depend on were not synthesized: {', '.join(unknown)}")
    return sorted(sorted_names, key=lambda name: name != "state")


def _stack(out: Path, name: str, entry: Mapping[str, Any]) -> Stack:
    folder = out / entry["workingDirectory"]
    document = json.loads((out / entry["synthesizedStackPath"]).read_text(encoding="utf-8"))
    count = sum(len(group) for group in document.get("resource", {}).values())
    return Stack(name, folder, tuple(entry.get("dependencies", ())), count)


def _refusal(code: int, output: str) -> OperationError | UsageError:
    said = output.strip().removeprefix("Error: ")
    if code == UsageError.exit_code:
        return UsageError(said)
    last = "\n".join(said.splitlines()[-15:])
    return OperationError(f"main.py failed (exit code {code}):\n{last}")
