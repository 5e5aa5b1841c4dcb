"""Where runs happen: an environment's settings, and clients of its account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep import aws, names
from sagekeep.errors import OperationError
from sagekeep.runs.refusals import told
from sagekeep.settings import Settings, environment_file, load
from sagekeep.synthesis import Synthesis, project_root


@dataclass(frozen=True)
class Target:
    """One environment in its account.

    Attributes:
        env: the environment as it was typed, for the commands in hints.
        variables: process environment that leads boto3 to the account.
        lead: what a terminal must do before the commands in hints reach the account; "" for nothing.
    """

    settings: Settings
    env: str
    variables: Mapping[str, str] = field(repr=False)
    lead: str = ""

    @classmethod
    def of(cls, env: str) -> Target:
        """The environment in the account that this process's variables lead to; see `require_account`.

        Raises:
            SettingsError, UsageError: there are no such settings, or they break rules.
        """
        return cls(load(environment_file(env, project_root() / "environments")), env, dict(os.environ))

    @property
    def pipeline(self) -> str:
        """The pipeline's ARN, which every operation takes for its name: it cannot mean another account's."""
        return names.pipeline_arn(self.settings)

    @property
    def endpoint(self) -> str:
        """Name of the endpoint that the pipeline serves the model on."""
        return self.settings.pipeline.name

    @property
    def bucket(self) -> str:
        """Name of the data bucket. Raises OperationError where it is brought, and nothing is where settings look."""
        brought = self.settings.existing.data_bucket
        return names.bucket(self.settings, "data") if brought is None or brought.id else self._looked_up()

    def _looked_up(self) -> str:
        """By tags, SSM or another team's state, as the pre-flight checks do; what is synthesized has no part in it."""
        from sagekeep.estate.clients import Clients  # noqa: PLC0415 - most environments bring nothing
        from sagekeep.estate.fault import Missing  # noqa: PLC0415

        here = project_root()
        try:
            return Clients(Synthesis(self.settings.environment, here, here, {}), self.settings, self.variables).one(
                "existing.data_bucket"
            )
        except Missing as error:
            raise OperationError(str(error)) from None

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        return aws.client(service, self.settings.region, self.variables)

    def caller(self) -> str:
        """ARN of whoever these credentials belong to."""
        with told("who these credentials belong to cannot be found out"):
            return str(self.client("sts").get_caller_identity()["Arn"])

    def require_account(self) -> None:
        """Raises OperationError where there are no credentials, or they are of another account than the settings."""
        found = self.caller().split(":")[4]
        if found != self.settings.account_id:
            raise OperationError(
                f"these credentials are of account {found}, but {self.env} is account {self.settings.account_id}",
                hint="set AWS_PROFILE to a profile of that account",
            )

    def command(self, words: str, *options: str) -> str:
        """What to type: `sagekeep <words> --env <env> <options>`."""
        return f"{self.lead}sagekeep {' '.join((words, '--env', self.env, *options))}"

    def hints(self) -> dict[str, str]:
        """Hints for a pipeline that is not there, by AWS's error code."""
        deploy = f"deploy it first: {self.command('deploy')}"
        return dict.fromkeys(("ResourceNotFound", "ResourceNotFoundException", "NoSuchBucket"), deploy)
