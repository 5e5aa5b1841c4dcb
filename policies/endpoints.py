"""Policies of the VPC endpoints: what may leave the VPC, and whose resources it may reach (control N8).

"Ours" is this account or, where the settings name one, the organization. Each denial is said openly besides, so that it
has a name. Patterns: github.com/aws-samples/data-perimeter-policy-examples, vpc_endpoint_policies.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.perimeter import NO_SERVICE, strangers
from policies.statement import ANYONE, Condition, Statement, allow, deny, when
from sagekeep import catalog, names
from sagekeep.settings import Settings

_PERIMETER_WHY = "a perimeter names accounts, not actions; identity policies name the actions"
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def _ours(s: Settings, test: str, side: str) -> Condition:
    """A test of the account or organization of the request's `side`, Principal or Resource."""
    if s.perimeter.organization:
        return when(test, f"aws:{side}OrgID", s.perimeter.organization)
    return when(test, f"aws:{side}Account", s.account_id)


def our_account(s: Settings) -> list[Statement]:
    """Our principals on our resources, and AWS services on our behalf."""
    return [*_allowed(s), *_denied(s)]


def our_account_and_images(s: Settings) -> list[Statement]:
    """As `our_account`, and pulling the AWS-owned images that the settings name."""
    images = image_repositories(s)
    return [
        *_allowed(s),
        allow("AllowPullingAwsImages", PULL, on=images, to=ANYONE, only=[_ours(s, "StringEquals", "Principal")]),
        *_denied(s, but=images),
    ]


def _allowed(s: Settings) -> list[Statement]:
    """IfExists: a few calls, such as GetAuthorizationToken, have no resource."""
    both_sides = [_ours(s, "StringEquals", "Principal"), _ours(s, "StringEqualsIfExists", "Resource")]
    services = [when("Bool", "aws:PrincipalIsAWSService", "true")]
    return [
        allow("AllowOurPrincipalsOnOurResources", ["*"], on=["*"], to=ANYONE, only=both_sides, why=_PERIMETER_WHY),
        allow("AllowAwsServicesOnOurBehalf", ["*"], on=["*"], to=ANYONE, only=services, why=_PERIMETER_WHY),
    ]


def _denied(s: Settings, but: Sequence[str] = ()) -> list[Statement]:
    """Others on either side, `but` some stores of AWS's own."""
    side = "Organization" if s.perimeter.organization else "Account"
    # The resource of an account without any organization has no aws:ResourceOrgID: it is not ours either.
    test = "StringNotEqualsIfExists" if s.perimeter.organization else "StringNotEquals"
    foreign = [_ours(s, test, "Resource"), when("Null", "aws:ResourceAccount", "false"), NO_SERVICE]
    where = {"off": but} if but else {"on": ["*"]}
    principal = [_ours(s, "StringNotEqualsIfExists", "Principal"), NO_SERVICE]
    return [
        deny(f"DenyPrincipalsOfAnyOther{side}", ["*"], on=["*"], to=ANYONE, given=principal),
        deny(f"DenyResourcesOfAnyOther{side}", ["*"], **where, to=ANYONE, given=foreign),
    ]


def image_repositories(s: Settings) -> list[str]:
    """ARNs of the repositories of the container images.

    Those of every version: while another one is deployed and no run has followed, the endpoint still pulls the former.
    """
    images = catalog.images()
    return [
        f"arn:{s.partition}:ecr:{s.region}:{images.registry(kind, s.region)}:repository/{repository}"
        for kind, repository in images.repositories()
    ]


def s3(s: Settings) -> list[Statement]:
    """The environment's data bucket for our account's principals, and ECR's bucket of image layers; no other bucket.

    An organization in the settings changes nothing here: the bucket answers to our account only.
    """
    bucket = names.bucket_arn(s, "data")
    data, layers = [bucket, f"{bucket}/*"], [f"arn:{s.partition}:s3:::prod-{s.region}-starport-layer-bucket/*"]
    foreign = [
        when("StringNotEquals", "aws:ResourceAccount", s.account_id),
        when("Null", "aws:ResourceAccount", "false"),
    ]
    return [
        allow(
            "AllowOurPrincipalsOnTheDataBucket",
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject*",
                "s3:GetBucket*",
                "s3:GetObject*",
                "s3:ListBucket*",
                "s3:ListMultipartUploadParts",
                "s3:PutObject*",
            ],
            on=data,
            to=ANYONE,
            # A bucket's name is free again once it is gone: whose the bucket is counts too.
            only=[when("StringEquals", f"aws:{side}Account", s.account_id) for side in ("Principal", "Resource")],
        ),
        allow(
            "AllowEcrImageLayers",
            ["s3:GetObject"],
            on=layers,
            to=ANYONE,
            why="ECR hands out presigned URLs of its own layer bucket (ECR user guide, VPC endpoints)",
        ),
        deny("DenyEveryOtherBucket", ["*"], off=[*data, *layers], to=ANYONE),
        deny("DenyTheBucketInOtherHands", ["*"], on=data, to=ANYONE, given=foreign),
        # ECR signs those URLs with an account of its own.
        deny("DenyPrincipalsOfAnyOtherAccount", ["*"], off=layers, to=ANYONE, given=strangers(s)),
    ]
