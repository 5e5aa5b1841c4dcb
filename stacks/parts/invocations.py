"""Lambda functions that Terraform invokes. docs/decisions/0006 says why in this way and not in another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cdktf import Fn, ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_lambda_invocation import DataAwsLambdaInvocation
from cdktf_cdktf_provider_aws.lambda_invocation import LambdaInvocation
from constructs import Construct

from stacks.base import EstateStack
from stacks.parts.vpc_function import VpcFunction


def owned_by_terraform(
    scope: Construct,
    id: str,
    *,
    function: VpcFunction,
    request: Mapping[str, Any],
    triggers: Mapping[str, str] | None = None,
    after: Sequence[ITerraformDependable] = (),
    protected: bool = False,
) -> LambdaInvocation:
    """Invoke on create, update and delete; the function reads which from `tf.action`.

    `triggers` makes a change replace it: delete with the old request, then create. The request must be constant
    otherwise: the provider saves a failed update as done (hashicorp/terraform-provider-aws, issue 43447).
    """
    return LambdaInvocation(
        scope,
        id,
        function_name=function.function.function_name,
        input=_json(request),
        lifecycle_scope="CRUD",
        triggers=dict(triggers) if triggers else None,
        depends_on=[*function.ready, *after],
        lifecycle=TerraformResourceLifecycle(prevent_destroy=protected),
    )


def _json(request: Mapping[str, Any]) -> str:
    """The request as JSON: plain where all is known, `jsonencode` where Terraform must fill in ids."""
    text = json.dumps(request, sort_keys=True)
    return cast("str", Fn.jsonencode(dict(request))) if "TfToken" in text else text


class Configuration(Construct):
    """A value that Terraform resolves once and others refer to: `terraform_data` with an input."""

    def __init__(self, scope: Construct, id: str, *, value: Mapping[str, Any]) -> None:
        super().__init__(scope, id)
        stack = cast("EstateStack", EstateStack.of(self))
        name = "_".join(self.to_string().split("/")[1:]).replace("-", "_")
        # cdktf's own TerraformData asks `terraform version` for each, and fails where terraform is not installed.
        stack.add_override(f"resource.terraform_data.{name}", {"input": dict(value)})
        self.output = f"terraform_data.{name}.output"

    def request(self, action: str) -> str:
        """A request with this configuration, as an expression."""
        return f'${{jsonencode({{"action" = "{action}", "configuration" = {self.output}}})}}'

    @property
    def sha256(self) -> str:
        """Hash of the resolved value, computed by Terraform: ids are unknown at synth."""
        return f"${{sha256(jsonencode({self.output}))}}"


def upsert(
    scope: Construct,
    id: str,
    *,
    function: VpcFunction,
    configuration: Configuration,
    after: Sequence[ITerraformDependable],
) -> LambdaInvocation:
    """Invoke again whenever the configuration or the function's code changes, and until it succeeded."""
    return LambdaInvocation(
        scope,
        id,
        function_name=function.function.function_name,
        input=configuration.request("upsert"),
        lifecycle_scope="CREATE_ONLY",
        triggers={"code": function.code_hash, "configuration": configuration.sha256},
        depends_on=[*function.ready, *after],
    )


def drift_check(
    scope: Construct,
    id: str,
    *,
    function: VpcFunction,
    configuration: Configuration,
    after: Sequence[ITerraformDependable],
    message: str,
) -> None:
    """Ask at every plan whether what is live is what was deployed; a difference warns and changes nothing.

    The data source stands outside the check: nested, every plan would read "changed".
    """
    live = DataAwsLambdaInvocation(
        scope,
        id,
        function_name=function.function.function_name,
        input=configuration.request("describe"),
        depends_on=[*function.ready, *after],
    )
    stack = cast("EstateStack", EstateStack.of(scope))
    condition = f"${{try(jsondecode({live.fqn}.result).in_sync, true)}}"
    check = {"assert": [{"condition": condition, "error_message": message}]}
    stack.add_override(f"check.{live.friendly_unique_id}", check)
