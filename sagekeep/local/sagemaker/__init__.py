"""SageMaker's control plane in memory: domains, pipelines, jobs, models and endpoints, and what each call needs.

Nothing here opens a socket or knows the emulator around it: the outside world comes in through `World`, and what runs
jobs and model servers through `Platform`.
"""

from __future__ import annotations

from sagekeep.local.sagemaker.deployments import Variant
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.service import SageMaker
from sagekeep.local.sagemaker.world import Caller, Group, Permission, Subnet, World

__all__ = ["AwsError", "Caller", "Group", "Permission", "SageMaker", "Subnet", "Variant", "World"]
