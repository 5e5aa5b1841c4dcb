"""The SageMaker pipeline, whose life a Lambda manages: create and update, delete, and a check of what is live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from policies.jobs import Placement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.invocations import Configuration, drift_check, owned_by_terraform, upsert
from stacks.parts.vpc_function import VpcFunction


def configuration(s: Settings, place: Placement, code_prefix: str) -> dict[str, Any]:
    """What the manager builds the pipeline's definition from; lambda_src/pipeline_manager/CONTRACT.md has the keys."""
    p = s.pipeline
    hour = 3600
    return {
        "pipeline_name": p.name,
        "pipeline_role_arn": names.role_arn(s, "pipeline"),
        "job_role_arn": names.role_arn(s, "job"),
        "description": f"Preprocess, train and serve a model of {p.label}",
        "tags": {"Environment": s.environment, "ManagedBy": "SageKeep", **s.tags},
        "bucket": names.bucket(s, "data"),
        "code_prefix": code_prefix,
        "kms_key_arn": place.key_arn,
        "subnet_ids": list(place.subnet_ids),
        "security_group_ids": list(place.security_group_ids),
        "images": {kind: names.image(s, kind) for kind in ("process", "train", "inference")},
        "instances": p.instances.model_dump(),
        "instance_counts": {"endpoint": p.endpoint_instances},
        "volume_gib": {"process": 30, "train": 30},
        # Fitting may use up its limit; loading data, scoring and saving come on top.
        "max_runtime_seconds": {"process": hour, "train": p.time_limit_seconds + hour},
        "label": p.label,
        "problem_type": p.problem_type,
        "seed": p.seed,
        "test_fraction": p.test_fraction,
        "presets": p.presets,
        "time_limit_seconds": p.time_limit_seconds,
        "endpoint_name": p.name,
    }


class ManagedPipeline(Construct):
    """The three invocations of decision 0006."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        manager: VpcFunction,
        reader: VpcFunction,
        wanted: dict[str, Any],
        after: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, id)
        name = settings.pipeline.name
        resolved = Configuration(self, "configuration", value=wanted)
        owner = owned_by_terraform(
            self,
            "deletion",
            function=manager,
            request={
                "action": "own",
                "endpoint_name": name,
                "pipeline_name": name,
                "removal": settings.removal,
            },
            triggers={"pipeline_name": name},
            after=after,
            protected=settings.protected,
        )
        current = upsert(self, "upsert", function=manager, configuration=resolved, after=[owner])
        drift_check(
            self,
            "live",
            function=reader,
            configuration=resolved,
            after=[current],
            message=(
                f"The pipeline {name} is not what was deployed: it was changed or removed outside Terraform. "
                "To put it back: terraform apply -replace=aws_lambda_invocation.pipeline_upsert"
            ),
        )
