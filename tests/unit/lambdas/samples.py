"""Configurations: one fixed, and a strategy that makes any that the contract allows."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from pipeline_manager.configuration import PROBLEM_TYPES

ROLE = "arn:aws:iam::123456789012:role/acme-ml-"
_SAMPLE: dict[str, Any] = {
    "pipeline_name": "acme-ml-churn",
    "pipeline_role_arn": f"{ROLE}pipeline",
    "job_role_arn": f"{ROLE}job",
    "description": "Predicts who leaves",
    "tags": {"Project": "ML-Pipeline", "Owner": "platform"},
    "bucket": "acme-ml-data-123456789012-us-east-1",
    "code_prefix": "code/0123456789abcdef",
    "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "subnet_ids": ["subnet-0bbb", "subnet-0aaa"],
    "security_group_ids": ["sg-0aaa"],
    "images": {
        "process": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        "train": "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon-training:1.5.0-cpu-py312-ubuntu22.04",
        "inference": "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon-inference:1.5.0-cpu-py312-ubuntu22.04",
    },
    "instances": {"process": "ml.m5.large", "train": "ml.m5.xlarge", "endpoint": "ml.m5.large"},
    "instance_counts": {"endpoint": 2},
    "volume_gib": {"process": 30, "train": 50},
    "max_runtime_seconds": {"process": 3600, "train": 7200},
    "label": "churned",
    "problem_type": "binary",
    "seed": 7,
    "test_fraction": 0.2,
    "presets": "medium_quality",
    "time_limit_seconds": 600,
    "endpoint_name": "acme-ml-churn",
}


def sample(**changes: Any) -> dict[str, Any]:
    """A valid configuration document of its own, with some keys replaced."""
    return copy.deepcopy(_SAMPLE) | changes


_words = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
_tag_text = st.text("abcXYZ019 _.:/=+-@éß", min_size=1, max_size=30)
_instances = st.sampled_from(("ml.m5.large", "ml.m5.xlarge", "ml.m5.4xlarge", "ml.c5.2xlarge", "ml.r5.large"))
_images = st.from_regex(r"[0-9]{12}\.dkr\.ecr\.us-east-1\.amazonaws\.com/[a-z]{3,20}:[0-9.]{1,9}", fullmatch=True)


def _of_one_version(process: str, train: str, inference: str) -> dict[str, str]:
    repository = inference.partition(":")[0]
    return {"process": process, "train": train, "inference": f"{repository}:{train.partition(':')[2]}"}


_roles = _words.map(ROLE.__add__)


def _ids(kind: str, at_most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.from_regex(rf"{kind}-[0-9a-f]{{17}}", fullmatch=True), min_size=1, max_size=at_most, unique=True)


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Any valid configuration document."""
    return st.fixed_dictionaries(
        {
            "pipeline_name": st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,60}", fullmatch=True),
            "pipeline_role_arn": _roles,
            "job_role_arn": _roles,
            "description": st.text("abc XYZ,.'é", max_size=100),
            "tags": st.dictionaries(_tag_text, _tag_text, max_size=8),
            "bucket": _words.map(lambda text: f"acme-{text}-data"),
            "code_prefix": st.from_regex(r"code/[0-9a-f]{8,64}", fullmatch=True),
            "kms_key_arn": st.uuids().map("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/{}".format),
            "subnet_ids": _ids("subnet", 16),
            "security_group_ids": _ids("sg", 5),
            "images": st.builds(_of_one_version, _images, _images, _images),
            "instances": st.fixed_dictionaries({"process": _instances, "train": _instances, "endpoint": _instances}),
            "instance_counts": st.fixed_dictionaries({"endpoint": st.integers(1, 20)}),
            "volume_gib": st.fixed_dictionaries({"process": st.integers(1, 16384), "train": st.integers(1, 16384)}),
            "max_runtime_seconds": st.fixed_dictionaries(
                {"process": st.integers(1, 432000), "train": st.integers(1, 2419200)}
            ),
            "label": st.from_regex(r"[A-Za-z_][A-Za-z0-9_ .é-]{0,60}z", fullmatch=True),
            "problem_type": st.sampled_from(("", *PROBLEM_TYPES)),
            "seed": st.integers(0, 2**32 - 1),
            "test_fraction": st.floats(0.01, 0.99),
            "presets": st.sampled_from(("medium_quality", "best_quality", "high_quality_v150")),
            "time_limit_seconds": st.integers(1, 2419200),
            "endpoint_name": st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,30}", fullmatch=True),
        }
    )
