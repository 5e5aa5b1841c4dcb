"""What ministack 1.5.33 does otherwise than AWS, corrected in the process; one file a subject.

Each patch has a test that fails when the part of ministack it replaces changes (tests/local/test_gateway_patches.py).
"""

from __future__ import annotations

from sagekeep.local.patches import (
    alarms,
    credentials,
    deliveries,
    endpoints,
    flow_logs,
    group_rules,
    lambda_functions,
    network_deletion,
    principal_arn,
    s3_condition_keys,
    zones,
)

_SUBJECTS = (
    alarms,
    credentials,
    deliveries,
    endpoints,
    flow_logs,
    group_rules,
    lambda_functions,
    network_deletion,
    principal_arn,
    s3_condition_keys,
    zones,
)


def apply() -> None:
    """Apply every patch to the imported ministack; once a process."""
    for subject in _SUBJECTS:
        subject.apply()
