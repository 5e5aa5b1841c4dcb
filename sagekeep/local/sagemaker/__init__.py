"""SageMaker's control plane in memory: domains, pipelines, models and endpoints, with the permissions each call needs.

Nothing here opens a socket or knows the emulator around it: the outside world comes in through `World`.
"""

from __future__ import annotations

from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.permissions import Permission
from sagekeep.local.sagemaker.service import SageMaker
from sagekeep.local.sagemaker.world import Caller, Group, Subnet, World

__all__ = ["AwsError", "Caller", "Group", "Permission", "SageMaker", "Subnet", "World"]
