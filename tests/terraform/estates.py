"""An environment of the tests' own on an embedded AWS of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sagekeep import synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.settings import load
from sagekeep.stackset import StackResult

ROOT = Path(__file__).parents[2]
NAME = "ml-pipeline-example-classification"
STACKS = ("keys", "network", "storage", "studio", "pipeline", "detection")


@dataclass
class Estate:
    """A settings file, what is synthesized from it, and the account that it is deployed to."""

    folder: Path
    instance: Instance

    @classmethod
    def begin(cls, folder: Path, environment: str = "poc") -> Estate:
        """A copy of one environment's settings, and an empty account."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "estate.toml"
        file.write_text((ROOT / "environments" / f"{environment}.toml").read_text())
        settings = load(file)
        started = instance.up(
            folder / "aws",
            account_id=settings.account_id,
            region=settings.region,
            deploy_role=settings.deploy.roles[0],
        )
        return cls(folder, started)

    @property
    def file(self) -> Path:
        """The settings."""
        return self.folder / "estate.toml"

    @property
    def out(self) -> Path:
        """The synthesized Terraform."""
        return self.folder / "out"

    def edit(self, old: str, new: str) -> None:
        """Change the settings."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def limit_training(self, seconds: int) -> None:
        """A change of the settings that reaches the pipeline's definition."""
        lines = [line for line in self.file.read_text().splitlines() if not line.startswith("time_limit_seconds")]
        lines.insert(lines.index("[pipeline]") + 1, f"time_limit_seconds = {seconds}")
        self.file.write_text("\n".join(lines))

    def operations(self) -> Operations:
        """Terraform over the stacks as the settings are now, as the account's administrator."""
        work = self.folder / "work"
        made = synthesis.synthesize(ROOT, str(self.file), self.out, work=work)
        return Operations.of(made, self.instance.environment())

    def state_home(self) -> StateHome:
        """The place of the states."""
        return StateHome(self.operations())

    def deploy(self, *stacks: str) -> Mapping[str, StackResult]:
        """Apply; all stacks unless some are named."""
        return self.operations().deploy(stacks or STACKS)

    def client(self, service: str) -> Any:
        """A boto3 client as the account's administrator."""
        return client_with(self.instance.variables(), service)


def client_with(variables: Mapping[str, str], service: str) -> Any:
    """A boto3 client of the embedded AWS with the credentials in some variables."""
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=variables["AWS_REGION"],
    )
    config = Config(proxies={"https": variables["HTTPS_PROXY"]}, retries={"total_max_attempts": 2})
    return session.client(service, config=config, verify=variables["AWS_CA_BUNDLE"])


def faults(results: Mapping[str, StackResult]) -> dict[str, str]:
    """Stacks that did not come out well, with their errors."""
    return {name: result.error or result.status for name, result in results.items() if not result.ok}
