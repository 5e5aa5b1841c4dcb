"""What ministack 1.5.33 does otherwise than AWS, corrected in the process; one file a subject.

Each patch has a test that fails when the part of ministack it replaces changes (tests/local/test_gateway_patches.py).
"""

from __future__ import annotations

from sagekeep.local.patches import (
    alarms,
    caller_keys,
    code_downloads,
    credentials,
    deliveries,
    endpoint_services,
    endpoints,
    flow_logs,
    foreign_resources,
    group_rules,
    interfaces,
    lambda_functions,
    log_targets,
    metric_filters,
    network_deletion,
    policy_conditions,
    policy_patterns,
    policy_principals,
    policy_variables,
    route_tables,
    s3_condition_keys,
    service_principals,
    subscriptions,
    zones,
)

_SUBJECTS = (
    alarms,
    caller_keys,
    code_downloads,
    credentials,
    deliveries,
    endpoint_services,
    endpoints,
    flow_logs,
    foreign_resources,
    group_rules,
    interfaces,
    lambda_functions,
    log_targets,
    metric_filters,
    network_deletion,
    policy_conditions,
    policy_patterns,
    policy_principals,
    policy_variables,
    route_tables,
    s3_condition_keys,
    service_principals,
    subscriptions,
    zones,
)


def apply() -> None:
    """Apply every patch to the imported ministack; once a process."""
    for subject in _SUBJECTS:
        subject.apply()
