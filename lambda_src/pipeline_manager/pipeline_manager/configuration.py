"""What Terraform says about the pipeline, parsed once, typed and frozen."""

from __future__ import annotations

from dataclasses import dataclass

from sagekeep_runtime.fields import Fields

# Patterns and limits: botocore's model of SageMaker, CreatePipeline and the Create calls of the steps.
PIPELINE_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"
ENDPOINT_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
_ROLE_ARN = r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
_KEY_ARN = r"arn:aws[a-z\-]*:kms:[a-z0-9\-]+:\d{12}:key/[a-zA-Z0-9\-]+"
_BUCKET = r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]"
_PREFIX = r"[a-zA-Z0-9_\-.]+(/[a-zA-Z0-9_\-.]+)*"
_IMAGE = r"\S{1,255}"
_INSTANCE = r"ml\.[a-z0-9\-]+\.[a-z0-9]+"
# `--label=NAME` is one argument of a container, which may have 256 characters; in a hyperparameter the name stands in
# quotes, and the training toolkit hands it to the script as a word of its own.
LABEL = r'[^\x00-\x1f\x7f-\x9f\u2028\u2029"\\\-][^\x00-\x1f\x7f-\x9f\u2028\u2029"\\]{0,247}'
# One name: AutoGluon takes any other text for a file or an address from which to read presets, or for an unknown name.
PRESETS = r"[a-z0-9_]{1,64}"
# What AutoGluon 1.4.0 to 1.6 have in common (autogluon.tabular, configs/presets_configs.py).
KNOWN_PRESETS = (
    "best_quality", "extreme_quality", "good_quality", "high_quality", "ignore_text", "interpretable", "medium_quality",
    "optimize_for_deployment",
)  # fmt: skip
_SECONDS_OF_28_DAYS = 28 * 24 * 3600
_SECONDS_OF_5_DAYS = 5 * 24 * 3600
PROBLEM_TYPES = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Images:
    """Container images by kind of step."""

    process: str
    train: str
    inference: str


@dataclass(frozen=True)
class Instances:
    """Instance types by kind of step."""

    process: str
    train: str
    endpoint: str


@dataclass(frozen=True)
class JobLimits:
    """A number for each kind of job."""

    process: int
    train: int


@dataclass(frozen=True)
class PipelineConfiguration:
    """Everything that the pipeline's document depends on.

    `volume_gib` is in GiB, `max_runtime_seconds` and `time_limit_seconds` in seconds, `tags` are sorted
    pairs, `problem_type` is empty when AutoGluon is to infer it.
    """

    pipeline_name: str
    pipeline_role_arn: str
    job_role_arn: str
    description: str
    tags: tuple[tuple[str, str], ...]
    bucket: str
    code_prefix: str
    kms_key_arn: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    images: Images
    instances: Instances
    endpoint_instances: int
    volume_gib: JobLimits
    max_runtime_seconds: JobLimits
    label: str
    problem_type: str
    seed: int
    test_fraction: float
    presets: str
    time_limit_seconds: int
    endpoint_name: str

    @classmethod
    def parse(cls, document: object) -> PipelineConfiguration:
        """The configuration of a JSON object; raises RequestError with every fault at once."""
        fields = Fields(document, "configuration." if isinstance(document, dict) else "configuration")
        configuration = cls.read(fields)
        fields.done()
        return configuration

    @classmethod
    def read(cls, fields: Fields) -> PipelineConfiguration:
        """Reads the keys; the caller asks `fields.done()` before using the result."""
        return cls(
            pipeline_name=fields.text(
                "pipeline_name", pattern=PIPELINE_NAME, rule="must be letters, digits and inner hyphens"
            ),
            pipeline_role_arn=_role(fields, "pipeline_role_arn"),
            job_role_arn=_role(fields, "job_role_arn"),
            description=fields.text(
                "description", pattern=r".{0,3072}", rule="must be one line of at most 3072", empty=True
            ),
            tags=fields.text_map("tags"),
            bucket=fields.text("bucket", pattern=_BUCKET, rule="must be a bucket's name"),
            code_prefix=fields.text(
                "code_prefix", pattern=_PREFIX, rule="must be a key prefix without a slash at either end"
            ),
            # An alias or a bare id would not match the conditions on keys in the pipeline role's policy.
            kms_key_arn=fields.text("kms_key_arn", pattern=_KEY_ARN, rule="must be a key's full ARN"),
            subnet_ids=fields.texts("subnet_ids", at_most=16),
            security_group_ids=fields.texts("security_group_ids", at_most=5),
            images=_images(fields.nested("images")),
            instances=_instances(fields.nested("instances")),
            endpoint_instances=fields.nested("instance_counts").integer("endpoint", at_least=1, at_most=1000),
            volume_gib=_limits(fields.nested("volume_gib"), 16384, 16384),
            max_runtime_seconds=_limits(fields.nested("max_runtime_seconds"), _SECONDS_OF_5_DAYS, _SECONDS_OF_28_DAYS),
            label=fields.text(
                "label",
                pattern=LABEL,
                rule="must be one line of at most 248 without quotes or backslashes, not begin with '-'",
            ),
            problem_type=fields.text("problem_type", choices=PROBLEM_TYPES, empty=True),
            seed=fields.integer("seed", at_least=0, at_most=2**32 - 1),
            test_fraction=fields.fraction("test_fraction"),
            presets=fields.text("presets", pattern=PRESETS, rule="must be the name of AutoGluon presets"),
            time_limit_seconds=fields.integer("time_limit_seconds", at_least=1, at_most=_SECONDS_OF_28_DAYS),
            endpoint_name=fields.text(
                "endpoint_name", pattern=ENDPOINT_NAME, rule="must be 1 to 63 letters, digits, inner hyphens"
            ),
        )


def _role(fields: Fields, name: str) -> str:
    return fields.text(name, pattern=_ROLE_ARN, rule="must be a role's ARN")


def _images(fields: Fields) -> Images:
    def image(name: str) -> str:
        return fields.text(name, pattern=_IMAGE, rule="must be an image URI of at most 255")

    images = Images(process=image("process"), train=image("train"), inference=image("inference"))
    if image_version(images.train) != image_version(images.inference):
        # AutoGluon loads no model that another of its versions has written; every endpoint would fail to start.
        rule = f"must be of the version that trains ({image_version(images.train)}), as its tag begins"
        fields.fault("inference", rule, images.inference)
    return images


def image_version(uri: str) -> str:
    """What an image's tag begins with: `1.5.0` of `.../autogluon-training:1.5.0-cpu-py312-ubuntu22.04`."""
    return uri.rpartition("/")[2].partition(":")[2].partition("-")[0]


def _instances(fields: Fields) -> Instances:
    def instance(name: str) -> str:
        return fields.text(name, pattern=_INSTANCE, rule="must be an instance type such as ml.m5.large")

    return Instances(process=instance("process"), train=instance("train"), endpoint=instance("endpoint"))


def _limits(fields: Fields, process: int, train: int) -> JobLimits:
    return JobLimits(
        process=fields.integer("process", at_least=1, at_most=process),
        train=fields.integer("train", at_least=1, at_most=train),
    )
