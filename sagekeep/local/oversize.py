"""What AWS refuses for its size or number: policies, event patterns, variables, parameters, names and tags.

The numbers are those that the settings are held to (`sagekeep/data/limits.toml`). Texts are measured as they arrive.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from ministack.services import iam

from sagekeep import limits
from sagekeep.limits import Limit
from sagekeep.local.request import Request
from sagekeep.local.resource_policies import Refusal

# Codes with which services refuse tags.
_TAG_ERRORS = {
    "iam": "InvalidInput", "kms": "TagException", "s3": "InvalidTag", "ec2": "InvalidParameterValue",
    "sns": "InvalidParameter", "sqs": "InvalidParameterValue", "ssm": "InvalidParameters",
    "lambda": "InvalidParameterValueException", "logs": "InvalidParameterException", "events": "ValidationException",
}  # fmt: skip
_FORM_KEY = re.compile(r"(?:TagSpecification\.\d+\.)?Tags?(?:\.member)?\.(\d+)\.Key")
_XML_TAG = re.compile(r"<Key>(.*?)</Key>\s*<Value>(.*?)</Value>", re.DOTALL)


def refusal(request: Request, members: Mapping[str, Any]) -> Refusal | None:
    """Why the service refuses this request for its size, or None."""
    return next(chain(_large(request, members), _many(request, members), _tags(request, members)), None)


def _large(request: Request, members: Mapping[str, Any]) -> Iterator[Refusal]:
    for parameter, rows in limits.by_parameter().items():
        action, _, name = parameter.rpartition(".")
        text = _value(request, members, name) if action == request.action else ""
        for limit in rows if text else ():
            size = limit.size(text) + (_other_policies(members) if limit.id == "inline-policy" else 0)
            if size > limit.most:
                yield _refused(limit, size, request)


def _value(request: Request, members: Mapping[str, Any], name: str) -> str:
    """The parameter's text; of topics and queues, the attribute of that name."""
    if name == "(body)":
        return request.body.decode("utf-8", "replace")
    attributes = members.get("Attributes")
    found = members.get(name) or (attributes.get(name) if isinstance(attributes, Mapping) else None)
    if found is None and members.get("AttributeName") == name:
        found = members.get("AttributeValue")
    if isinstance(found, Mapping):  # a function's variables
        return "".join(f"{key}{value}" for key, value in found.get("Variables", {}).items())
    return str(found or "")


def _other_policies(members: Mapping[str, Any]) -> int:
    """Size of a role's inline policies beside the one that is put."""
    role = iam._roles.get(members.get("RoleName"), {})
    others = (text for name, text in role.get("InlinePolicies", {}).items() if name != members.get("PolicyName"))
    return sum(limits.dense(text if isinstance(text, str) else json.dumps(text)) for text in others)


def _many(request: Request, members: Mapping[str, Any]) -> Iterator[Refusal]:
    if request.action == "iam:AttachRolePolicy":
        limit, attached = limits.limits()["policies-of-a-role"], _attached(members)
        if attached >= limit.most:
            yield _refused(limit, attached + 1, request)


def _attached(members: Mapping[str, Any]) -> int:
    """How many policies a role has beside the one that is attached."""
    policies = iam._roles.get(members.get("RoleName"), {}).get("AttachedPolicies", ())
    return len([one for one in policies if members.get("PolicyArn") not in (one, _arn(one))])


def _arn(attached: object) -> object:
    return attached.get("PolicyArn") if isinstance(attached, Mapping) else attached


def _refused(limit: Limit, size: int, request: Request) -> Refusal:
    if limit.error == "LimitExceeded":
        name = request.resource.rsplit("/", 1)[-1]
        return Refusal("LimitExceeded", f"{limit.what.capitalize()}: quota {limit.most} exceeded ({size}) for {name}")
    return Refusal(limit.error, f"{limit.what.capitalize()} may have {limit.most} {limit.counts}, and has {size}")


def _tags(request: Request, members: Mapping[str, Any]) -> Iterator[Refusal]:
    tags = list(_written(request, members))
    service = request.action.partition(":")[0]
    of_object = request.action in {"s3:PutObject", "s3:PutObjectTagging"}
    limit = limits.limits()["object-tags" if of_object else "tags"]
    if len(tags) > limit.most:
        code = "BadRequest" if of_object else _TAG_ERRORS.get(service, "ValidationException")
        yield Refusal(code, f"{limit.what.capitalize()} cannot be greater than {limit.most}")
    texts = ([*map(limits.is_tag_text, tag), *map(_fits, tag, ("tag-key", "tag-value"))] for tag in tags)
    wrong = [key for (key, _), right in zip(tags, texts, strict=True) if not all(right)]
    wrong += [key for key, _ in tags if key.lower().startswith("aws:")]
    if service == "iam":
        wrong += [key for key, times in Counter(key.lower() for key, _ in tags).items() if times > 1]
    if wrong:
        code = _TAG_ERRORS.get(service, "ValidationException")
        yield Refusal(
            code, f"The tag {wrong[0]!r} is not one that {service} takes: its key or value, or it is there twice"
        )


def _fits(text: str, row: str) -> bool:
    return len(text) <= limits.most(row)


def _written(request: Request, members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The tags of a request: in a header or XML (S3), in a JSON body, or in a form."""
    if request.action.startswith("s3:"):
        yield from parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True)
        if "Tagging" in request.action:
            yield from _XML_TAG.findall(request.body.decode("utf-8", "replace"))
        return
    found = members.get("Tags") or members.get("tags") or ()
    if isinstance(found, Mapping):
        yield from ((str(key), str(value)) for key, value in found.items())
    elif not isinstance(found, str):
        for tag in found:
            yield str(tag.get("Key") or tag.get("TagKey")), str(tag.get("Value") or tag.get("TagValue") or "")
    for name, value in members.items():
        if _FORM_KEY.fullmatch(name):
            yield str(value), str(members.get(f"{name.removesuffix('Key')}Value", ""))
