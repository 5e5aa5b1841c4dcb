"""Policies of the VPC endpoints: what may leave the VPC, and whose resources it may reach (control N8)."""

from __future__ import annotations

from policies.statement import ANYONE, Statement, allow, when
from sagekeep import catalog, names
from sagekeep.settings import Settings

_PERIMETER_WHY = "a perimeter names accounts, not actions; identity policies name the actions"
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def our_account(s: Settings) -> list[Statement]:
    """Our principals on our resources. IfExists: a few calls, such as GetAuthorizationToken, have no resource."""
    return [
        allow(
            "AllowOurPrincipalsOnOurResources",
            ["*"],
            on=["*"],
            to=ANYONE,
            only=[
                when("StringEquals", "aws:PrincipalAccount", s.account_id),
                when("StringEqualsIfExists", "aws:ResourceAccount", s.account_id),
            ],
            why=_PERIMETER_WHY,
        ),
        allow(
            "AllowAwsServicesOnOurBehalf",
            ["*"],
            on=["*"],
            to=ANYONE,
            only=[when("Bool", "aws:PrincipalIsAWSService", "true")],
            why=_PERIMETER_WHY,
        ),
    ]


def our_account_and_images(s: Settings) -> list[Statement]:
    """As `our_account`, and pulling the AWS-owned images that the settings name."""
    return [
        *our_account(s),
        allow(
            "AllowPullingAwsImages",
            PULL,
            on=image_repositories(s),
            to=ANYONE,
            only=[when("StringEquals", "aws:PrincipalAccount", s.account_id)],
        ),
    ]


def image_repositories(s: Settings) -> list[str]:
    """ARNs of the repositories of the three container images."""
    images = catalog.images()
    return [
        f"arn:{s.partition}:ecr:{s.region}:{images.registry(kind, s.region)}:repository/{images.repository(kind)}"
        for kind in ("process", "train", "inference")
    ]


def s3(s: Settings) -> list[Statement]:
    """The environment's data bucket for our principals, and ECR's bucket of image layers; no other bucket exists."""
    bucket = names.bucket_arn(s, "data")
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
            on=[bucket, f"{bucket}/*"],
            to=ANYONE,
            only=[when("StringEquals", "aws:PrincipalAccount", s.account_id)],
        ),
        allow(
            "AllowEcrImageLayers",
            ["s3:GetObject"],
            on=[f"arn:{s.partition}:s3:::prod-{s.region}-starport-layer-bucket/*"],
            to=ANYONE,
            why="ECR hands out presigned URLs of its own layer bucket (ECR user guide, VPC endpoints)",
        ),
    ]
