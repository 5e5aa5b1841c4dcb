"""A Lambda function of this repository: its archive, role, log group, and place in the VPC."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.lambda_code_signing_config import (
    LambdaCodeSigningConfig,
    LambdaCodeSigningConfigAllowedPublishers,
    LambdaCodeSigningConfigPolicies,
)
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionEnvironment,
    LambdaFunctionTracingConfig,
    LambdaFunctionVpcConfig,
)
from constructs import Construct

from policies import functions, roles
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.parts.archive import content_hash, pack
from stacks.parts.policy import ScopedRole

LAMBDA_SRC = Path(__file__).parents[2] / "lambda_src"
RUNTIME = "python3.12"


@dataclass(frozen=True)
class FunctionCode:
    """What a function is: `purpose` names it; `folders` of lambda_src go into its archive, `shared` always."""

    purpose: str
    description: str
    folders: tuple[str, ...]
    timeout: int = 300  # seconds
    memory: int = 256  # MiB

    @property
    def handler(self) -> str:
        """Handler of the first folder's package."""
        return f"{self.folders[0]}.handler.handler"


@dataclass(frozen=True)
class VpcPlace:
    """Subnets and group of a function in the VPC."""

    subnet_ids: Sequence[str]
    security_group_id: str

    def config(self) -> LambdaFunctionVpcConfig:
        """As a block of the function."""
        return LambdaFunctionVpcConfig(subnet_ids=list(self.subnet_ids), security_group_ids=[self.security_group_id])


class VpcFunction(Construct):
    """The function in the VPC, or outside where `place` is None; `ready` is what an invocation must wait for."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        code: FunctionCode,
        logs_key_arn: str,
        statements: Sequence[Statement],
        place: VpcPlace | None,
        policy_name: str = "access",
    ) -> None:
        super().__init__(scope, id)
        archive = pack(LAMBDA_SRC / "shared", *(LAMBDA_SRC / folder for folder in code.folders))
        self.code_hash = content_hash(archive)
        filename = f"assets/{code.purpose}/{self.code_hash}.zip"
        cast("EstateStack", EstateStack.of(self)).files[filename] = archive
        group = self._log_group(settings, code, logs_key_arn)
        self.access = ScopedRole(
            self,
            "access",
            settings=settings,
            purpose=code.purpose,
            trust=roles.trust(settings, "lambda.amazonaws.com"),
            description=f"Lambda function: {code.description}",
        )
        run = functions.run(settings, code.purpose, logs_key_arn)
        attach = functions.attach_to_vpc(settings, code.purpose) if place else []
        policy = self.access.attach([*run, *attach, *statements], name=policy_name)
        self.function = LambdaFunction(
            self,
            "function",
            function_name=names.name(settings, code.purpose),
            description=code.description,
            role=self.access.arn,
            runtime=RUNTIME,
            handler=code.handler,
            filename=filename,
            source_code_hash=base64.b64encode(hashlib.sha256(archive).digest()).decode(),
            timeout=code.timeout,
            memory_size=code.memory,
            kms_key_arn=logs_key_arn,
            # Lambda forgets the key of a function without variables: every plan would set it again.
            environment=LambdaFunctionEnvironment(variables={"LOG_LEVEL": settings.functions.log_level}),
            tracing_config=LambdaFunctionTracingConfig(mode="Active"),
            vpc_config=place.config() if place else None,
            reserved_concurrent_executions=settings.functions.reserved_concurrency or None,
            code_signing_config_arn=self._code_signing(settings),
            depends_on=[group, *policy],
        )
        # Deletion waits for these too: what is invoked on destroy still needs its permissions.
        self.ready: list[ITerraformDependable] = [self.function, *policy, group]

    def _log_group(self, settings: Settings, code: FunctionCode, key_arn: str) -> CloudwatchLogGroup:
        return CloudwatchLogGroup(
            self,
            "logs",
            name=names.function_log_group(settings, code.purpose),
            kms_key_id=key_arn,
            retention_in_days=settings.log_retention_days,
        )

    def _code_signing(self, settings: Settings) -> str | None:
        """Lambda refuses archives that none of the profiles signed; None where the settings name no profile."""
        profiles = settings.functions.code_signing_profile_arns
        if not profiles:
            return None
        config = LambdaCodeSigningConfig(
            self,
            "signing",
            description="Archives signed by the profiles of this environment",
            allowed_publishers=LambdaCodeSigningConfigAllowedPublishers(signing_profile_version_arns=list(profiles)),
            policies=LambdaCodeSigningConfigPolicies(untrusted_artifact_on_deployment="Enforce"),
        )
        return str(config.arn)
