"""From where Studio may be opened (control I7)."""

from __future__ import annotations

from policies.statement import Statement, allow, deny, when
from sagekeep import names
from sagekeep.settings import Settings


def open_studio(s: Settings, profile_arn: str) -> list[Statement]:
    """Open the Studio of a profile. None with SSO: only domains that sign in through IAM have it."""
    if s.studio.auth == "SSO":
        return []
    return [allow("OpenTheirOwnStudio", ["sagemaker:CreatePresignedDomainUrl"], on=[profile_arn])]


def only_from_known_places(s: Settings, vpc_id: str) -> list[Statement]:
    """Deny a role to open Studio from anywhere but the VPC and, with sign_in = "cidrs", some ranges.

    IAM asks this policy when a URL is presigned and again for every request with it, so a URL that was carried off
    opens nothing (SageMaker API reference, CreatePresignedDomainUrl). A request through an endpoint has aws:SourceVpc
    and no aws:SourceIp. A deny, so that no other policy of the role opens another way; what has neither is denied.
    """
    if s.studio.sign_in == "iam":
        return []
    ranges = when("NotIpAddressIfExists", "aws:SourceIp", s.studio.sign_in_cidrs)
    outside = when("StringNotEqualsIfExists", "aws:SourceVpc", vpc_id)
    return [
        deny(
            "DenyOpeningStudioFromElsewhere",
            ["sagemaker:CreatePresignedDomainUrl"],
            on=[names.arn(s, "sagemaker", "user-profile/*")],
            given=[outside, ranges] if s.studio.sign_in == "cidrs" else [outside],
        )
    ]
