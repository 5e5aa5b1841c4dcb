"""The SageMaker SDK's defaults file, written into every app by a lifecycle configuration.

Without it each `fit()` in Studio fails on the guardrails: the SDK would send no subnets, groups or keys. The file's
schema: SageMaker Python SDK, "Configuring and using defaults", schema version 1.0. It is JSON, which is also YAML.
"""

from __future__ import annotations

from typing import Any

from policies.jobs import Placement
from sagekeep import names
from sagekeep.settings import Settings

# Where the SDK looks for an administrator's and for the user's own defaults; apps do not run as root.
PATH = "/home/sagemaker-user/.config/sagemaker/config.yaml"


def defaults(s: Settings, place: Placement) -> dict[str, Any]:
    """The defaults: bucket, role, and for jobs, models and endpoints our subnets, groups and keys."""
    vpc = {"SecurityGroupIds": list(place.security_group_ids), "Subnets": list(place.subnet_ids)}
    role, key = names.role_arn(s, "job"), place.key_arn
    job = {"EnableInterContainerTrafficEncryption": True, "EnableNetworkIsolation": True}
    return {
        "SchemaVersion": "1.0",
        "SageMaker": {
            "PythonSDK": {"Modules": {"Session": {"DefaultS3Bucket": names.bucket(s, "data")}}},
            "EndpointConfig": {"KmsKeyId": key},
            "Model": {"EnableNetworkIsolation": True, "ExecutionRoleArn": role, "VpcConfig": vpc},
            "Pipeline": {"RoleArn": names.role_arn(s, "pipeline")},
            "ProcessingJob": {
                "NetworkConfig": {**job, "VpcConfig": vpc},
                "ProcessingOutputConfig": {"KmsKeyId": key},
                "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": key}},
                "RoleArn": role,
            },
            "TrainingJob": {
                **job,
                "OutputDataConfig": {"KmsKeyId": key},
                "ResourceConfig": {"VolumeKmsKeyId": key},
                "RoleArn": role,
                "VpcConfig": vpc,
            },
        },
    }


_MARK = "# Written by the environment; remove this line to keep your own changes."
# The lifecycle script, before and after the file's text. A file that the user wrote is left alone: ours has a mark.
SCRIPT = (
    f"""#!/bin/bash
set -euo pipefail
file="${{SAGEKEEP_SDK_DEFAULTS:-{PATH}}}"
mark='{_MARK}'
if [ -e "$file" ] && [ "$(head -n 1 "$file")" != "$mark" ]; then exit 0; fi
mkdir -p "$(dirname "$file")"
{{ echo "$mark"; cat <<'SAGEKEEP'; }} > "$file"
""",
    "\nSAGEKEEP\n",
)
