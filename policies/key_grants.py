"""Who may be granted the use of a key: AWS services only (control K5).

Two condition keys tell: `kms:GrantIsForAWSResource`, and `kms:ViaService`, which says which service asks in a caller's
name. Whether SageMaker marks its grants by the first is not documented, and tools disagree (aws/sagemaker-python-sdk
pull request 683 took the condition out, other templates have it). So either one will do, and a grant is denied
outright only where it is said to be for nobody's resource and no service asks for it.
"""

from __future__ import annotations

from policies.statement import Condition, when
from sagekeep import partitions
from sagekeep.settings import Settings

# Volumes of jobs, apps and endpoints; the domain's file system; functions' environments.
SERVICES = ("ec2", "elasticfilesystem", "lambda", "sagemaker")
FLAG, VIA = "kms:GrantIsForAWSResource", "kms:ViaService"
FOR_AWS = when("Bool", FLAG, "true")


def through_services(s: Settings) -> Condition:
    """One of the services that work for us asks, in the region."""
    return when("StringEquals", VIA, [partitions.host(service, s.region) for service in SERVICES])


def for_nobody_of_aws() -> list[Condition]:
    """For a Deny: the grant is for no resource of AWS's, and no service asks for it."""
    return [when("Bool", FLAG, "false"), when("Null", VIA, "true")]
