"""What somebody does outside Terraform before a plan is made. Each returns how to undo it."""

from __future__ import annotations

from collections.abc import Callable

from estates import Estate
from sagekeep.local.faults import Fault

Undo = Callable[[], object]
BUCKET = "acme-ml-data-123456789012-us-east-1"


def versions_suspended(estate: Estate) -> Undo:
    """Somebody stops versions of the data bucket by hand."""
    s3 = estate.client("s3")

    def to(status: str) -> object:
        return s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})

    to("Suspended")
    return lambda: to("Enabled")


def failed_upsert(estate: Estate) -> Undo:
    """An apply with another time limit whose invocation of the manager fails."""
    estate.limit_training(1234)
    estate.instance.inject(Fault("sagemaker:UpdatePipeline", "ValidationException", "No", 400, 0))
    estate.deploy("pipeline")
    estate.instance.clear_faults()
    return lambda: estate.deploy("pipeline")


def another_studio_key(estate: Estate) -> Undo:
    """A key of another team's, which the settings name from now on."""
    arn = estate.client("kms").create_key(Description="brought")["KeyMetadata"]["Arn"]
    estate.file.write_text(f'{estate.file.read_text()}\n[existing.keys]\nstudio = "{arn}"\n')
    return lambda: None
