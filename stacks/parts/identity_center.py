"""Users and groups of IAM Identity Center, assigned to the application that a Studio domain with SSO has there."""

from __future__ import annotations

import re
from typing import cast

from cdktf import Fn
from cdktf_cdktf_provider_aws.data_aws_identitystore_group import (
    DataAwsIdentitystoreGroup,
    DataAwsIdentitystoreGroupAlternateIdentifier,
    DataAwsIdentitystoreGroupAlternateIdentifierUniqueAttribute,
)
from cdktf_cdktf_provider_aws.data_aws_identitystore_user import (
    DataAwsIdentitystoreUser,
    DataAwsIdentitystoreUserAlternateIdentifier,
    DataAwsIdentitystoreUserAlternateIdentifierUniqueAttribute,
)
from cdktf_cdktf_provider_aws.data_aws_ssoadmin_instances import DataAwsSsoadminInstances
from cdktf_cdktf_provider_aws.ssoadmin_application_assignment import SsoadminApplicationAssignment
from constructs import Construct

from sagekeep.rules_house import slug
from sagekeep.settings import Settings

# Identity Store API reference, Group: an id has this form.
_ID = re.compile(r"([0-9a-f]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class IdentityCenter(Construct):
    """Assignments of users and groups to the domain's application.

    SageMaker refuses the profile of a user who is not assigned, alone or through a group (CloudFormation user guide,
    AWS::SageMaker::UserProfile); so profiles come after these. A group's members get a profile with the domain's
    settings when they first sign in. The Identity Center is the organization's, in the domain's own region.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings, application_arn: str) -> None:
        super().__init__(scope, id)
        self.application_arn = application_arn
        self._store = ""
        studio = settings.studio
        self.groups = [self._group(group) for group in studio.sso_groups]
        self.users = {user: self._user(user, sso_user(settings, user)) for user in studio.users}

    def _store_id(self) -> str:
        """Id of the only identity store; read where a name has to be looked up."""
        if not self._store:
            instances = DataAwsSsoadminInstances(self, "instance")
            self._store = cast("str", Fn.element(instances.identity_store_ids, 0))
        return self._store

    def _group(self, group: str) -> SsoadminApplicationAssignment:
        group_id = group
        if _ID.fullmatch(group) is None:
            found = DataAwsIdentitystoreGroup(
                self,
                f"found-group-{slug(group)}",
                identity_store_id=self._store_id(),
                alternate_identifier=DataAwsIdentitystoreGroupAlternateIdentifier(
                    unique_attribute=DataAwsIdentitystoreGroupAlternateIdentifierUniqueAttribute(
                        attribute_path="DisplayName", attribute_value=group
                    )
                ),
            )
            group_id = found.group_id
        return self._assign(f"group-{slug(group)}", "GROUP", group_id)

    def _user(self, profile: str, user: str) -> SsoadminApplicationAssignment:
        found = DataAwsIdentitystoreUser(
            self,
            f"found-user-{profile.lower()}",
            identity_store_id=self._store_id(),
            alternate_identifier=DataAwsIdentitystoreUserAlternateIdentifier(
                unique_attribute=DataAwsIdentitystoreUserAlternateIdentifierUniqueAttribute(
                    attribute_path="UserName", attribute_value=user
                )
            ),
        )
        return self._assign(f"user-{profile.lower()}", "USER", found.user_id)

    def _assign(self, id: str, kind: str, principal_id: str) -> SsoadminApplicationAssignment:
        return SsoadminApplicationAssignment(
            self, id, application_arn=self.application_arn, principal_id=principal_id, principal_type=kind
        )


def sso_user(s: Settings, profile: str) -> str:
    """Name in Identity Center of a profile's user: the profile's own, unless the settings name another."""
    return s.studio.sso_users.get(profile, profile)
