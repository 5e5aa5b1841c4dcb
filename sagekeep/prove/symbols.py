"""Attributes that AWS or the provider computes, as text that reads well: names and ARNs where they are known.

Forms of ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/ (resource types of each service).
Ids that AWS chooses are symbols made of the resource's own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_REGIONAL = "arn:{partition}:%s:{region}:{account}:%s"
# Words of a resource's name that say again what its id's prefix says.
_NOUNS = {
    "aws_kms_key": {"key"},
    "aws_route_table": {"routes"},
    "aws_sagemaker_domain": {"domain"},
    "aws_security_group": {"group", "groups"},
    "aws_subnet": {"subnet"},
    "aws_vpc": {"vpc"},
    "aws_vpc_endpoint": {"endpoint"},
}
# (type, attribute) -> what it is, of the resource's arguments, `symbol`, and partition, region, account, stack.
_ATTRIBUTES = {
    ("aws_caller_identity", "account_id"): "{account}",
    ("aws_cloudwatch_event_rule", "arn"): _REGIONAL % ("events", "rule/{name}"),
    ("aws_cloudwatch_log_group", "arn"): _REGIONAL % ("logs", "log-group:{name}"),
    ("aws_cloudwatch_metric_alarm", "arn"): _REGIONAL % ("cloudwatch", "alarm:{alarm_name}"),
    ("aws_iam_policy", "arn"): "arn:{partition}:iam::{account}:policy{path}{name}",
    ("aws_iam_role", "arn"): "arn:{partition}:iam::{account}:role{path}{name}",
    ("aws_iam_role", "id"): "{name}",
    ("aws_kms_key", "arn"): _REGIONAL % ("kms", "key/<{symbol}>"),
    ("aws_kms_key", "id"): "<{symbol}>",
    ("aws_kms_key", "key_id"): "<{symbol}>",
    ("aws_lambda_function", "arn"): _REGIONAL % ("lambda", "function:{function_name}"),
    ("aws_partition", "partition"): "{partition}",
    ("aws_region", "id"): "{region}",
    ("aws_route_table", "id"): "rtb-{symbol}",
    ("aws_s3_bucket", "arn"): "arn:{partition}:s3:::{bucket}",
    ("aws_s3_bucket", "id"): "{bucket}",
    ("aws_sagemaker_domain", "arn"): _REGIONAL % ("sagemaker", "domain/d-{symbol}"),
    ("aws_sagemaker_domain", "id"): "d-{symbol}",
    ("aws_sagemaker_user_profile", "arn"): _REGIONAL % ("sagemaker", "user-profile/{domain_id}/{user_profile_name}"),
    ("aws_security_group", "id"): "sg-{symbol}",
    ("aws_sns_topic", "arn"): _REGIONAL % ("sns", "{name}"),
    ("aws_sns_topic", "id"): _REGIONAL % ("sns", "{name}"),
    ("aws_sqs_queue", "arn"): _REGIONAL % ("sqs", "{name}"),
    ("aws_subnet", "id"): "subnet-{symbol}",
    ("aws_vpc", "id"): "vpc-{symbol}",
    ("aws_vpc_endpoint", "id"): "vpce-{symbol}",
    ("aws_vpc_endpoint", "prefix_list_id"): "pl-{symbol}",
}
_DEFAULTS = {"path": "/"}


def attribute(kind: str, name: str, arguments: Mapping[str, str]) -> str | None:
    """The attribute `name` of a resource of type `kind`, or None where nobody can say.

    `arguments`: those of the resource that are strings, with `symbol`, `partition`, `region` and `account`.
    """
    if (kind, name) == ("aws_kms_key", "arn") and arguments.get("key_id", "").startswith("arn:"):
        return arguments["key_id"]  # a data source that was given the ARN
    form = _ATTRIBUTES.get((kind, name))
    try:
        return form.format_map({**_DEFAULTS, **arguments}) if form else None
    except KeyError:  # the name that it is made of is not in the file
        return None


def symbols(resources: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """A symbol for each (stack, type, name); the short name, or the whole address where another has the short one."""
    taken: set[tuple[str, str]] = set()
    found = {}
    for stack, kind, name in resources:
        words = name.split("_")
        short = "-".join(word for word in words if word not in _NOUNS.get(kind, ())) or name
        symbol = f"{stack}.{short}" if kind == "aws_kms_key" else short
        if (kind, symbol) in taken:
            symbol = f"{stack}.{name}"
        taken.add((kind, symbol))
        found[stack, kind, name] = symbol
    return found
