"""A check that whoever deploys, or plans, is exempt from the deny that is being deployed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cdktf import Precondition, TerraformVariable
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.data_aws_iam_session_context import DataAwsIamSessionContext
from constructs import Construct


class LockoutCheck(Construct):
    """Fails the plan, with the ARN to add, when the deploying principal is in none of the exempt patterns.

    The Terraform variable `allow_lockout` lets it pass: somebody may mean to make what others look after.
    Bucket denies match `aws:PrincipalArn`, which is the role's ARN for a session; the session context resolves it.
    """

    def __init__(self, scope: Construct, id: str, *, exempt: Sequence[str]) -> None:
        super().__init__(scope, id)
        caller = DataAwsCallerIdentity(self, "caller")
        session = DataAwsIamSessionContext(self, "session", arn=caller.arn)
        pattern = "|".join(_pattern(arn) for arn in sorted(exempt)) or "nobody"
        variable = TerraformVariable(
            self,
            "allowed",
            type="bool",
            default=False,
            nullable=False,
            description="Whether the bucket's policy may lock out whoever deploys it",
        )
        variable.override_logical_id("allow_lockout")
        self.preconditions = (
            Precondition(
                condition=f'${{var.allow_lockout || length(regexall("^({pattern})$", {session.fqn}.issuer_arn)) > 0}}',
                error_message=(
                    "The bucket's perimeter would lock out ${" + session.fqn + ".issuer_arn}, who is deploying. "
                    "Add that ARN to [deploy] roles in the environment's settings, or set the variable allow_lockout."
                ),
            ),
        )


def _pattern(arn: str) -> str:
    """An ARN with IAM's wildcards as a regular expression of Terraform's, inside a quoted string."""
    literal = re.sub(r"[.+^$(){}|\[\]\\]", lambda found: "\\\\" + found[0], arn)
    return literal.replace("*", ".*").replace("?", ".")
