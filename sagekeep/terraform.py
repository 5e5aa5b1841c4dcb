"""Runs terraform in a stack's folder: its environment, its initialisation, its answers as typed values."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sagekeep.children import Children
from sagekeep.diagnostics import Diagnostic, Report, lacks_state_bucket
from sagekeep.errors import OperationError
from sagekeep.mirror import MIRROR_VARIABLE, ProviderSource, provider_source
from sagekeep.synthesis import Stack, Synthesis

LOCK_FILE = ".terraform.lock.hcl"
PARALLELISM = 30
LOCK_TIMEOUT = "5s"
CHANGES_PENDING = 2
_MARKER = Path(".terraform") / "sagekeep-init"

Progress = Callable[[Report], None]


class TerraformError(OperationError):
    """terraform refused; `errors` are its diagnostics."""

    def __init__(self, stack: str, errors: list[Diagnostic], *, text: str = "", hint: str = "") -> None:
        self.stack = stack
        self.errors = errors
        said = "\n".join(error.text() for error in errors) or text
        super().__init__(f"{stack}: {said}", hint=hint)


@dataclass
class Terraform:
    """The terraform of one environment; may be used from several threads, one per stack.

    Attributes:
        synthesis: the stacks.
        source: where providers come from.
        environ: environment that credentials and proxies are taken from.
        children: the processes started so far.
    """

    synthesis: Synthesis
    source: ProviderSource
    environ: Mapping[str, str]
    children: Children = field(default_factory=Children)
    _first: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, synthesis: Synthesis, environ: Mapping[str, str] | None = None) -> Terraform:
        """terraform for these stacks, with this process's environment unless another one is given.

        Raises:
            OperationError: terraform is not installed.
        """
        env = dict(os.environ if environ is None else environ)
        if shutil.which("terraform", path=env.get("PATH")) is None:
            raise OperationError("terraform is not on the PATH", hint="install Terraform 1.10 or newer")
        return cls(synthesis, provider_source(synthesis.root, env), env)

    def variables(self) -> dict[str, str]:
        """The environment of a terraform process."""
        env = {k: v for k, v in self.environ.items() if k not in ("TF_CLI_CONFIG_FILE", "TF_LOG", "TF_INPUT")}
        env |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **self.source.variables}
        if self.source.config:
            env["TF_CLI_CONFIG_FILE"] = str(self.source.config)
        return env

    def run(
        self, stack: Stack, *arguments: str, progress: Progress | None = None, folder: Path | None = None
    ) -> tuple[int, Report]:
        """Runs `terraform <arguments>` in the stack's folder (or `folder`); returns exit code and report.

        Raises:
            Interrupted: somebody asked to stop before it began.
        """
        report = Report()

        def on_line(line: str) -> None:
            report.feed(line)
            if progress:
                progress(report)

        log = self.synthesis.work / "logs" / f"{stack.name}-{'-'.join(arguments[:2]).replace('--', '-')}.log"
        command = ["terraform", *arguments]
        where = folder or stack.folder
        code = self.children.run(command, cwd=where, env=self.variables(), log=log, on_line=on_line)
        return code, report

    def show(self, stack: Stack, plan: Path) -> bytes:
        """A saved plan as JSON. It may hold secrets, so nothing of it is logged.

        Raises:
            TerraformError: terraform cannot read it.
        """
        command = ["terraform", "show", "-json", "-no-color", str(plan)]
        done = subprocess.run(command, cwd=stack.folder, env=self.variables(), capture_output=True, check=False)
        if done.returncode:
            raise TerraformError(stack.name, [], text=done.stderr.decode(errors="replace").strip())
        return done.stdout

    def init(self, stack: Stack) -> None:
        """Initialises a stack's folder, where that is not done yet for what it declares now.

        Raises:
            TerraformError: terraform refused.
        """
        if not self.is_initialised(stack):
            self.init_anew(stack)

    def init_anew(self, stack: Stack, *options: str) -> None:
        """Initialises a stack's folder in any case.

        Raises:
            TerraformError: terraform refused.
        """
        if self._shared_lock().is_file():
            self._initialise(stack, *options)
        else:  # the first one fetches the provider; terraform's plugin cache does not bear two writers
            with self._first:
                self._initialise(stack, *options)
        (stack.folder / _MARKER).write_text(_fingerprint(stack), encoding="utf-8")

    def is_initialised(self, stack: Stack) -> bool:
        """True where `init` has nothing to do."""
        marker = stack.folder / _MARKER
        done = marker.is_file() and marker.read_text(encoding="utf-8") == _fingerprint(stack)
        return done and _providers_present(stack)

    def is_empty(self, stack: Stack) -> bool:
        """True where the stack's state holds no managed resource, or there is no state yet.

        Raises:
            TerraformError: the state cannot be read.
        """
        self.init(stack)
        code, report = self.run(stack, "state", "list")
        if code:
            if "No state file was found" in "\n".join(report.text):
                return True
            raise TerraformError(stack.name, report.errors, text="\n".join(report.text))
        return all(line.startswith("data.") or ".data." in line for line in report.text)

    def explain(self, stack: Stack, report: Report, code: int) -> TerraformError:
        """The error for a command that failed with this exit code, with a hint where the cause is known."""
        hint, text = "", "\n".join(report.text[-15:])
        if lacks_state_bucket(report.errors):
            hint = f"the state bucket does not exist yet: run `{self.synthesis.command('state', 'bootstrap')}`"
        elif any(e.summary == "Backend configuration changed" for e in report.errors):
            hint = (
                f"the state moved: in {stack.folder} run `terraform init -migrate-state` to take it along, "
                "or `-reconfigure` to begin anew"
            )
        elif code < 0:
            text = f"terraform was killed ({signal.Signals(-code).name})\n{text}".rstrip()
            hint = "run the same command again: what it had written down is kept, and a lock that it left is named"
        return TerraformError(stack.name, report.errors, text=text, hint=hint)

    def _initialise(self, stack: Stack, *options: str) -> None:
        arguments = ("init", "-json", "-input=false", "-no-color", *options)
        self._seed_lock(stack.folder)
        code, report = self.run(stack, *arguments)
        if code and self._drop_stale_lock(stack.folder, report):
            code, report = self.run(stack, *arguments)
        if code:
            error = self.explain(stack, report, code)
            if not error.hint and self.source.mirror and any("provider" in e.summary for e in report.errors):
                error.hint = (
                    f"providers come from {self.source.mirror}; {MIRROR_VARIABLE}=none makes terraform download them"
                )
            raise error
        made, shared = stack.folder / LOCK_FILE, self._shared_lock()
        if made.is_file() and not shared.is_file():
            shared.parent.mkdir(parents=True, exist_ok=True)
            _copy(made, shared)

    def _operators_lock(self) -> Path:
        return self.synthesis.root / "environments" / "terraform.lock.hcl"

    def _shared_lock(self) -> Path:
        """The lock file of the first stack initialised: with it, the others take the cached provider."""
        return self.synthesis.work / "terraform.lock.hcl"

    def _seed_lock(self, folder: Path) -> None:
        """The operator's committed lock file wins; else what an earlier stack was given."""
        wanted = self._operators_lock()
        if wanted.is_file():
            _copy(wanted, folder / LOCK_FILE)
        elif not (folder / LOCK_FILE).is_file() and self._shared_lock().is_file():
            _copy(self._shared_lock(), folder / LOCK_FILE)

    def _drop_stale_lock(self, folder: Path, report: Report) -> bool:
        """Removes a lock file of ours that the constraint or the mirror has outgrown; True where one went."""
        text = " ".join(f"{e.summary} {e.detail}" for e in report.errors)
        outgrown = "locked provider" in text or "checksums" in text or "does not match" in text
        if not outgrown or self._operators_lock().is_file() or not (folder / LOCK_FILE).is_file():
            return False
        (folder / LOCK_FILE).unlink()
        self._shared_lock().unlink(missing_ok=True)
        return True


def _fingerprint(stack: Stack) -> str:
    """What an initialisation depends on: backend, provider constraints, the providers in use."""
    document = stack.document()
    relevant = {"terraform": document.get("terraform", {}), "providers": sorted(document.get("provider", {}))}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def _uses_provider(stack: Stack) -> bool:
    return bool(stack.document().get("terraform", {}).get("required_providers"))


def _providers_present(stack: Stack) -> bool:
    """False where the lock file is gone, or a provider's link leads nowhere because cache or mirror are gone."""
    if not _uses_provider(stack):
        return True
    links = list((stack.folder / ".terraform").glob("providers/*/*/*/*/*"))
    return (stack.folder / LOCK_FILE).is_file() and bool(links) and all(link.exists() for link in links)


def _copy(source: Path, target: Path) -> None:
    """Copies in one step: stacks are initialised side by side."""
    partial = target.with_name(f"{target.name}.{threading.get_ident()}")
    shutil.copyfile(source, partial)
    partial.replace(target)
