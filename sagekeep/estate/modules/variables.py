"""Variables of a module: type, description and validation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.estate.modules.module import NOT_EXPORTED, Block, Place, Wire

TAGS = "tags"
OBJECT_TAGS = 10  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html


@dataclass(frozen=True)
class Shape:
    """What values look like whose names end in `ending`; `pattern` is RE2, where REGION stands for the region."""

    ending: str
    pattern: str
    says: str


SHAPES = (
    Shape("key_arn", "^arn:aws[a-z-]*:kms:REGION:[0-9]{12}:key/", "the ARN of a KMS key in REGION, not of an alias"),
    Shape("role_arn", "^arn:aws[a-z-]*:iam::[0-9]{12}:role/", "the ARN of a role"),
    Shape("arn", "^arn:aws[a-z-]*:", "an ARN"),
    Shape("vpc_id", "^vpc-", "the id of a VPC, as vpc-0a1b2c3d"),
    Shape("subnet_id", "^subnet-", "the id of a subnet, as subnet-0a1b2c3d"),
    Shape("security_group_id", "^sg-", "the id of a security group, as sg-0a1b2c3d"),
    Shape("route_table_id", "^rtb-", "the id of a route table, as rtb-0a1b2c3d"),
    Shape("endpoint_id", "^vpce-", "the id of a VPC endpoint, as vpce-0a1b2c3d"),
    Shape("domain_id", "^d-", "the id of a Studio domain, as d-0a1b2c3d"),
    Shape("bucket", "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of a bucket"),
)
_ANYTHING = Shape("", ".", "a text that is not empty")
_REFERENCE = re.compile(r"\$\{[^{}]*\}")
_LISTS = ("_ids", "_arns", "_names")


def of_output(name: str, wire: Wire, output: Block, place: Place) -> dict[str, Any]:
    """A variable for what another module outputs."""
    kind = type_of(wire.output, output["value"])
    described = str(output.get("description", wire.output))
    source = "" if wire.module in NOT_EXPORTED else f": output {wire.output} of module {wire.module}"
    block = {
        "type": kind,
        "description": described + source,
        "nullable": False,
    }
    if kind in ("string", "list(string)"):
        block["validation"] = [_validation(name, kind, _shape(wire.output, place.region))]
    return block


def type_of(name: str, value: Any) -> str:
    """Terraform's type of an output.

    A value that is one reference does not show its type; then its name does: plurals of ids, ARNs and names are lists.
    """
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, Mapping):
        return "map(string)"
    plural = name.endswith(_LISTS) and isinstance(value, str) and _REFERENCE.fullmatch(value)
    return "list(string)" if isinstance(value, list) or plural else "string"


def of_tags(place: Place, *, objects: bool) -> dict[str, Any]:
    """The variable `tags`; `objects`: whether the module has S3 objects, which bear few."""
    fixed = sorted(place.tags)
    named = f" besides {', '.join(fixed)}" if fixed else ""
    checks = []
    if fixed:
        condition = f"${{length(setintersection(keys(var.{TAGS}), {json.dumps(fixed)})) == 0}}"
        said = f"The environment's settings say what {', '.join(fixed)} are: change them there, and export again."
        checks.append({"condition": condition, "error_message": said})
    if objects:
        most = OBJECT_TAGS - len(fixed)
        said = f"An S3 object bears {OBJECT_TAGS} tags, of which the environment has {len(fixed)}: give at most {most}."
        checks.append({"condition": f"${{length(var.{TAGS}) <= {most}}}", "error_message": said})
    block = {"type": "map(string)", "description": f"Tags on everything{named}", "default": {}, "nullable": False}
    return block | ({"validation": checks} if checks else {})


def _shape(name: str, region: str) -> Shape:
    singular = name.removesuffix("s")
    shape = next((shape for shape in SHAPES if singular.endswith(shape.ending)), _ANYTHING)
    pattern = shape.pattern.replace("REGION", region or "[a-z0-9-]+")
    return Shape(shape.ending, pattern, shape.says.replace("REGION", region or "the region"))


def _validation(name: str, kind: str, shape: Shape) -> dict[str, str]:
    if kind == "string":
        condition = f'${{can(regex("{shape.pattern}", var.{name}))}}'
        return {"condition": condition, "error_message": f"{name} must be {shape.says}."}
    each = f'alltrue([for one in var.{name} : can(regex("{shape.pattern}", one))])'
    said = f"{name} must have at least one element, and each must be {shape.says}."
    return {"condition": f"${{length(var.{name}) > 0 && {each}}}", "error_message": said}
