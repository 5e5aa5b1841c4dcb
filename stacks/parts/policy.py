"""Policy documents from statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import DataAwsIamPolicyDocument
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack

POLICY_DOCUMENT = "aws_iam_policy_document"


def policy_json(scope: Construct, id: str, statements: Sequence[Statement]) -> str:
    """The statements as `aws_iam_policy_document`, visible to reviews and scanners; its `json`, a token."""
    document = DataAwsIamPolicyDocument(scope, id)
    cast("EstateStack", EstateStack.of(scope)).statements[document.friendly_unique_id] = statements
    # An override is one call for the whole document; typed blocks cost a round trip to the kernel for each.
    document.add_override("statement", [statement.as_block() for statement in statements])
    return cast("str", document.json)


def managed_policy(
    scope: Construct, settings: Settings, *, kind: str, purpose: str, statements: Sequence[Statement], description: str
) -> IamPolicy:
    """A policy that several roles have; `kind` begins its ids, `purpose` is of its name."""
    start = f"{kind}_" if kind else ""
    return IamPolicy(
        scope,
        f"{start}policy",
        name=names.role(settings, purpose),
        path=None if settings.iam.role_path == "/" else settings.iam.role_path,
        description=description,
        policy=policy_json(scope, f"{start}statements", statements),
    )


class ScopedRole(Construct):
    """A role with a trust policy, one inline policy, and the path and boundary that the settings give every role.

    A role that is brought has an `arn` only: nothing is made, attached or changed (docs/estates.md).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        purpose: str,
        trust: Sequence[Statement],
        description: str,
    ) -> None:
        super().__init__(scope, id)
        self.arn = names.role_arn(settings, purpose)
        self.role: IamRole | None = None
        if names.brought_role(settings, purpose):
            return
        path = names.role_path(settings, purpose)
        self.role = IamRole(
            self,
            "role",
            name=names.role(settings, purpose),
            description=description,
            assume_role_policy=policy_json(self, "trust", trust),
            path=None if path == "/" else path,
            permissions_boundary=settings.iam.permissions_boundary or None,
        )
        self.arn = str(self.role.arn)

    def attach(self, statements: Sequence[Statement], *, name: str = "access") -> list[ITerraformDependable]:
        """Attach the inline policy; returns what must wait for it, nothing for a role that is brought.

        Under another `name` it replaces the old one, which goes after what depends on it: that can still be removed.
        Never with create_before_destroy: the role would inherit it, and a role whose creation broke off could not be
        made anew under its name.
        """
        if self.role is None:
            return []
        policy = policy_json(self, "policy-statements", statements)
        return [IamRolePolicy(self, "policy", name=name, role=self.role.name, policy=policy)]

    def hold(self, policies: Mapping[str, IamPolicy]) -> list[ITerraformDependable]:
        """Attach managed policies by the attachment's id, unless the role is brought; returns what must wait for it."""
        if self.role is None:
            return []
        return [
            IamRolePolicyAttachment(self, name, role=self.role.name, policy_arn=policy.arn)
            for name, policy in policies.items()
        ]
