"""Settings of the perimeter's options: each widens or tightens what stands around the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sagekeep.settings_fields import OrganizationId, SigningProfileArns
from sagekeep.settings_section import Section


class Perimeter(Section):
    """Whose principals and resources the VPC's endpoints let through."""

    organization: OrganizationId = Field(
        "",
        description="id of the AWS organization whose accounts may be on either side of an endpoint; empty: ours only",
    )
    models_from_outside: bool = Field(
        default=False,
        description="let the job role read models/ of the data bucket from outside the VPC, should CreateModel do so",
    )


class Storage(Section):
    """How the data bucket keeps objects."""

    object_lock_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="days that no version of an object can be deleted or overwritten, in governance mode; 0: off. "
        "S3 never switches object lock off again: that needs another bucket",
    )


class Functions(Section):
    """What holds for every Lambda function."""

    reserved_concurrency: int = Field(
        0,
        ge=0,
        le=1000,
        description="instances that each function may have and always gets; 0: shares the account's. An account must "
        "keep 100 unreserved, so one with a quota of 10 cannot reserve any",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severe messages that functions log"
    )
    code_signing_profile_arns: SigningProfileArns = Field(
        (),
        description="versions of signing profiles (AWS Signer); Lambda then refuses archives that none of them signed: "
        "sign those in assets/ between synth and deploy; empty: off",
    )
