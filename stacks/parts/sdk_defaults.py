"""The SageMaker SDK's defaults file, written into every app by a lifecycle configuration.

Without it each `fit()` in Studio fails on the guardrails: the SDK would send no subnets, groups or keys. The file's
schema: SageMaker Python SDK, "Configuring and using defaults", schema version 1.0. It is JSON, which is also YAML.
"""

from __future__ import annotations

from typing import Any

from policies.jobs import SDK, Placement
from sagekeep import names
from sagekeep.settings import Settings

HOME = "/home/sagemaker-user"  # apps do not run as root
DEFAULTS = ".config/sagemaker/config.yaml"  # where the SDK looks for the user's defaults
KERNELS = ".ipython/profile_default/startup/00-sagemaker.py"  # what every kernel runs first
SHELLS = ".config/sagemaker/environment.sh"


def defaults(s: Settings, place: Placement) -> dict[str, Any]:
    """The defaults: bucket, role, and for jobs, models and endpoints our subnets, groups and keys."""
    vpc = {"SecurityGroupIds": list(place.security_group_ids), "Subnets": list(place.subnet_ids)}
    role, key = names.role_arn(s, "job"), place.key_arn
    job = {"EnableInterContainerTrafficEncryption": True, "EnableNetworkIsolation": True}
    return {
        "SchemaVersion": "1.0",
        "SageMaker": {
            "PythonSDK": {"Modules": _modules(s, place)},
            "EndpointConfig": {"KmsKeyId": key},
            "Model": {"EnableNetworkIsolation": True, "ExecutionRoleArn": role, "VpcConfig": vpc},
            "ProcessingJob": {
                "NetworkConfig": {**job, "VpcConfig": vpc},
                "ProcessingOutputConfig": {"KmsKeyId": key},
                "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": key}},
                "RoleArn": role,
            },
            "TrainingJob": {
                **job,
                "OutputDataConfig": {"KmsKeyId": key},
                "ProfilerConfig": {"DisableProfiler": True},  # version 2 would profile every job, into the data bucket
                "ResourceConfig": {"VolumeKmsKeyId": key},
                "RoleArn": role,
                "VpcConfig": vpc,
            },
        },
    }


def _modules(s: Settings, place: Placement) -> dict[str, Any]:
    """What the SDK reads beside the defaults of single API calls."""
    network = {
        "enable_inter_container_traffic_encryption": True,
        "security_group_ids": list(place.security_group_ids),
        "subnets": list(place.subnet_ids),
    }
    return {
        # Version 3 makes its network of TrainingJob in a way that fails before 3.17, and forgets the encrypted traffic.
        # Isolation it takes from there.
        "ModelTrainer": {"networking": network},
        # With a prefix the SDK lists it to see whether the bucket is there; without one it asks for the whole bucket.
        # It asks without a slash at the end, and policies name what is below a prefix: hence the second part.
        "Session": {"DefaultS3Bucket": names.bucket(s, "data"), "DefaultS3ObjectKeyPrefix": f"{SDK}/jobs"},
        "TelemetryOptOut": True,  # it would go to a bucket of AWS's, which no endpoint policy allows
    }


# What the SDK takes from nowhere else. No endpoint leads to IAM, which version 3 asks about a job's role: each question
# would take minutes to fail, and the job with it.
ENVIRONMENT = {"SAGEMAKER_VALIDATE_ROLE": "false", "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:9"}
_MARK = "# Written by the environment; remove this line to keep your own changes."
_KERNELS = "\n".join(["import os", *(f'os.environ.setdefault("{k}", "{v}")' for k, v in ENVIRONMENT.items())])
_SHELLS = "\n".join(f'export {k}="${{{k}:-{v}}}"' for k, v in ENVIRONMENT.items())
# The lifecycle script, before and after the defaults' text. A file that the user wrote is left alone: ours has a mark.
SCRIPT = (
    f"""#!/bin/bash
set -euo pipefail
home="${{SAGEKEEP_HOME:-{HOME}}}"
mark='{_MARK}'
keep() {{
  if [ -e "$1" ] && [ "$(head -n 1 "$1")" != "$mark" ]; then return 0; fi
  mkdir -p "$(dirname "$1")"
  {{ echo "$mark"; cat; }} > "$1"
}}
keep "$home/{KERNELS}" <<'SAGEKEEP'
{_KERNELS}
SAGEKEEP
keep "$home/{SHELLS}" <<'SAGEKEEP'
{_SHELLS}
SAGEKEEP
grep -qsF '{SHELLS}' "$home/.bashrc" || echo '. "$HOME/{SHELLS}"' >> "$home/.bashrc"
keep "$home/{DEFAULTS}" <<'SAGEKEEP'
""",
    "\nSAGEKEEP\n",
)
