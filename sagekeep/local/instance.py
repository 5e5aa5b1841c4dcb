"""A running embedded AWS, from its clients' side: start it, find it, use it, stop it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import sagekeep
from sagekeep.errors import OperationError
from sagekeep.local import control
from sagekeep.local.faults import Fault

DEFAULT_HOME = Path(".sagekeep/local")
_START_SECONDS = 60
_STOP_SECONDS = 15
_REMAINS = ("instance.json", "instance.draft", "ca.pem", "aws-config", "tmp")
_PREVIOUS_LOG = "log.before"
_NEUTRALISED = (
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "TF_HTTP_ADDRESS",
)

Progress = Callable[[str], None]

# Servers that this process started: as their parent it collects them when they end.
_STARTED: dict[int, subprocess.Popen[bytes]] = {}


def _silent(_message: str) -> None:
    pass


@dataclass(frozen=True)
class Instance:
    """One embedded AWS. `fresh`: this call started it; `recovered`: after removing what a crashed one left."""

    home: Path
    pid: int
    proxy_port: int
    account_id: str
    region: str
    admin: str
    secret: str = field(repr=False)
    fresh: bool = False
    recovered: bool = False

    def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        """One request to the control host.

        Raises:
            OperationError: refused, or nothing answers.
        """
        try:
            return control.ask(self.proxy_port, self.home / "ca.pem", self.secret, verb, body)
        except OSError as error:
            raise OperationError(
                f"the local AWS of {self.home} does not answer: {error}", hint=f"its log: {self.home / 'log'}"
            ) from error

    def variables(self, role: str | None = None, session: str = "sagekeep", **more: Any) -> dict[str, str]:
        """The variables that lead a client here, as the administrator or as another role.

        The credentials last twelve hours; ask again for more. `more`: `keys` and `rehearse`, see
        sagekeep.local.sessions.open_session.
        """
        config = str(self.home / "aws-config")
        return {
            **self.ask("session", role=role, name=session, **more),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CA_BUNDLE": str(self.home / "ca.pem"),
            "AWS_CONFIG_FILE": config,
            "AWS_SHARED_CREDENTIALS_FILE": config,
            "AWS_EC2_METADATA_DISABLED": "true",
            "HTTPS_PROXY": f"http://127.0.0.1:{self.proxy_port}",
            "NO_PROXY": "",
        }

    def environment(
        self, base: Mapping[str, str] | None = None, *, role: str | None = None, session: str = "sagekeep"
    ) -> dict[str, str]:
        """A whole process environment for terraform, cdktf and boto3: `base` without any other way to AWS.

        `base` is this process's environment by default. No profile, endpoint or metadata service of the user's is
        left in it, so nothing that runs with it can reach a real account.
        """
        kept = {name: value for name, value in (os.environ if base is None else base).items() if not foreign(name)}
        return kept | self.variables(role, session)

    def entrance(self, vpc_id: str, subnet_ids: list[str], group_ids: list[str]) -> str:
        """HTTPS_PROXY for a process inside a VPC: it reaches only what the VPC's endpoints reach."""
        return str(self.ask("entrance", vpc_id=vpc_id, subnet_ids=subnet_ids, group_ids=group_ids)["proxy"])

    def calls(self) -> list[dict[str, Any]]:
        """What was asked of it; see sagekeep.local.calls.Seen."""
        return list(self.ask("calls")["calls"])

    def questions(self) -> list[dict[str, Any]]:
        """What IAM was asked, with resources and condition keys; see sagekeep.local.calls.Asked."""
        return list(self.ask("questions")["questions"])

    def refusal(self, principal: str, action: str, resource: str, keys: Mapping[str, Any]) -> str:
        """Why a service, or a service in a role's name, may not do this; "" when it may."""
        return str(self.ask("may", principal=principal, action=action, resource=resource, keys=dict(keys))["denied"])

    def linger(self, *, sagemaker: float = 1.0, functions: float = 0.0) -> None:
        """Seconds that interfaces outlive jobs and endpoints (up to 15 minutes on AWS), and functions (45 minutes)."""
        self.ask("linger", sagemaker=sagemaker, functions=functions)

    def inject(self, fault: Fault) -> None:
        """Switch a fault on; see Fault."""
        self.ask("inject", **asdict(fault))

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self.ask("clear-faults")

    def faults(self) -> dict[str, Any]:
        """{"waiting": faults with what is left of them, "hits": requests that were hit}."""
        return self.ask("faults")


def foreign(name: str) -> bool:
    """Whether a variable of a process could lead it to another AWS, or round this one."""
    return name.startswith("AWS_") or name.upper() in _NEUTRALISED


def find(home: Path) -> Instance | None:
    """The instance that runs in `home`, or None."""
    home = home.resolve()
    if not _alive(home):
        return None
    try:
        facts = json.loads((home / "instance.json").read_text())
    except FileNotFoundError:
        return None
    return Instance(
        home=home,
        pid=facts["pid"],
        proxy_port=facts["port"],
        account_id=facts["account_id"],
        region=facts["region"],
        admin=facts["admin"],
        secret=facts["secret"],
    )


def _alive(home: Path) -> bool:
    """Whether a server holds the lock of `home`; pids come round again, locks do not."""
    try:
        with (home / "lock").open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def up(
    home: Path, *, account_id: str, region: str, deploy_role: str | None = None, progress: Progress = _silent
) -> Instance:
    """The instance of `home`, started if none runs there; a crashed one's remains are removed first.

    Raises:
        OperationError: another account or region runs there, or the server does not start.
    """
    home = home.resolve()
    running = find(home)
    if running is not None:
        _require_same(running, account_id, region)
        return running
    recovered = (home / "instance.json").exists()
    if recovered:
        progress("The last local AWS here ended without notice: starting a fresh, empty account")
    _reap()
    _sweep(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    progress("Starting the local AWS")
    process = _launch(home, account_id, region, deploy_role)
    _STARTED[process.pid] = process
    try:
        instance = _await(home, process)
    except BaseException:
        _end(process)
        raise
    return replace(instance, fresh=True, recovered=recovered)


def _require_same(running: Instance, account_id: str, region: str) -> None:
    if (running.account_id, running.region) != (account_id, region):
        raise OperationError(
            f"the local AWS of {running.home} is account {running.account_id} in {running.region}, "
            f"not {account_id} in {region}",
            hint="stop it first: sagekeep local down",
        )


def _launch(home: Path, account_id: str, region: str, deploy_role: str | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sagekeep.local.server"]
    command += ["--home", str(home), "--account", account_id, "--region", region]
    if deploy_role:
        command += ["--deploy-role", deploy_role]
    root = str(Path(sagekeep.__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    log_path = home / "log"
    if log_path.exists():
        log_path.replace(home / _PREVIOUS_LOG)
    log_path.touch(mode=0o600)
    with log_path.open("ab") as log:
        # A session of its own: Ctrl-C in the terminal is for the command that started it.
        return subprocess.Popen(
            command,
            cwd=home,
            env=environment | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(home: Path, process: subprocess.Popen[bytes]) -> Instance:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        instance = find(home)
        if instance is not None and instance.pid == process.pid:
            return instance
        if process.poll() is not None:
            break
        time.sleep(0.05)
    lines = (home / "log").read_text(errors="replace").splitlines()
    raise OperationError(
        f"the local AWS did not start: {lines[-1] if lines else 'no output'}", hint=f"its log: {home / 'log'}"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server that was just started, and all it started (its process group)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_STOP_SECONDS)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.poll()


def _sweep(home: Path) -> None:
    for name in _REMAINS:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def down(home: Path) -> bool:
    """Stop the instance of `home` and remove all of its account; whether one ran."""
    home = home.resolve()
    running = find(home)
    if running is not None:
        _signal_until_gone(running)
    _sweep(home)
    return running is not None


def _signal_until_gone(running: Instance) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(running.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(running.home):
                _reap()
                return
            time.sleep(0.05)
    raise OperationError(f"process {running.pid} of the local AWS does not end")


def _reap() -> None:
    """Collect the servers that ended, where this process is their parent."""
    for pid, process in list(_STARTED.items()):
        if process.poll() is not None:
            del _STARTED[pid]
