"""What the stacks consist of, as far as policies can name it: the words of the table's ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.estate.ci.grants import EVERY_STACK, Grant, known_types
from sagekeep.partitions import partition_of
from sagekeep.prove.terraform import Resource, Terraform
from sagekeep.synthesis import Synthesis

# Terraform's own, what the provider makes up without asking AWS, and what everybody may ask (sts:GetCallerIdentity).
_SILENT = {
    "terraform_data", "data.aws_caller_identity", "data.aws_iam_policy_document",
    "data.aws_partition", "data.aws_region",
}  # fmt: skip
_COMPUTED = re.compile(r"\$\{[^{}]*\}")
_USERS = "-users/"
_MOST_PROFILES = 20  # by name; of more, the policies say all
_SYMBOL = re.compile(r"<[^>]*>")  # what AWS chooses: see sagekeep.prove.terraform


@dataclass(frozen=True)
class Things:
    """The resources and data sources of an environment's stacks.

    Attributes:
        words: account, region, partition, and the tags that every resource has.
    """

    words: Mapping[str, str]
    _by_type: Mapping[str, tuple[Resource, ...]] = field(repr=False)

    @classmethod
    def of(cls, synthesis: Synthesis, roles: Mapping[str, str]) -> Things:
        """What a synth wrote; `roles`: ARNs of the roles themselves, by word.

        Raises:
            UsageError: the table has no row for a type, or an environment has neither account nor region.
        """
        terraform = Terraform.of(synthesis)
        by_type: dict[str, list[Resource]] = {}
        for stack in synthesis.stacks.values():
            document = stack.document()
            for kind in document.get("resource", {}):
                by_type[kind] = list(terraform.resources(kind))
            for kind in document.get("data", {}):
                by_type[f"data.{kind}"] = list(terraform.data(kind))
            backend = document["terraform"]["backend"].get("s3", {})
            by_type.setdefault("backend", []).append(Resource(stack.name, "backend", stack.name, backend))
        if strange := sorted(set(by_type) - known_types() - _SILENT - {"backend"}):
            hint = "add a row to sagekeep/estate/data/grants/, with the actions that the provider calls"
            raise UsageError(f"no row says what roles need for {', '.join(strange)}", hint=hint)
        by_type |= _brought(synthesis.settings.get("existing", {}), terraform.known)
        words = {**terraform.known, **_tag_words(synthesis), **_settings_words(synthesis)}
        return cls({**words, **roles}, {kind: tuple(found) for kind, found in by_type.items()})

    def asks_for(self, grant: Grant) -> bool:
        """Whether the environment has what the row is for."""
        there = EVERY_STACK in grant.of or any(self._by_type.get(kind) for kind in grant.of)
        return there and all(self.words.get(word) for word in grant.needs)

    def arns(self, grant: Grant) -> list[str]:
        """The row's ARNs, sorted; a text is left out where one of its words is empty or unknown to the resource."""
        found = set()
        for words in self._words(grant):
            if not all(words.get(argument) for argument in grant.having):
                continue
            for form in grant.on:
                if all(words.get(word) for word in re.findall(r"\{(\w+)\}", form)):
                    found.add(form.format_map(words))
        return sorted(found)

    def _words(self, grant: Grant) -> Iterator[Mapping[str, str]]:
        kinds = grant.named_by or grant.of
        if not set(kinds) - {EVERY_STACK}:
            yield self.words
        for kind in kinds:
            for resource in self._by_type.get(kind, ()):
                words = {**_DEFAULTS, **_words_of(resource), **self.words, "stack": resource.stack}
                yield words | self._patterns(kind, words)

    def _patterns(self, kind: str, words: Mapping[str, str]) -> dict[str, str]:
        """What of users is a pattern: the policies of the CI would grow with them, and IAM allows a role ten.

        Users' roles have a path of their own (sagekeep.names.role_path), so that the pattern has no other.
        """
        if kind == "aws_iam_role" and words["path"].endswith(_USERS):
            return {"name": "*"}
        if kind != "aws_sagemaker_user_profile":
            return {}
        several = {"user_profile_name": "*"} if len(self._by_type[kind]) > _MOST_PROFILES else {}
        path, slash, _ = words.get("user_settings_execution_role", "").rpartition("/")
        own = {"user_settings_execution_role": f"{path}/*"} if (path + slash).endswith(_USERS) else {}
        return several | own

    def fill(self, text: str) -> str:
        """A condition's text with the environment's words; "" where one of them is empty."""
        words = re.findall(r"\{(\w+)\}", text)
        return text.format_map(self.words) if all(self.words.get(word) for word in words) else ""


_BROUGHT = (
    "vpc", "subnets", "route_tables", "security_groups", "endpoints", "keys", "data_bucket", "access_log_bucket",
    "state_bucket", "domain", "topic", "roles",
)  # fmt: skip


# What is named by tags, a state or a parameter may have any id; these settings have ARNs.
_ANY = {
    "keys": "arn:{partition}:kms:{region}:{account}:key/*",
    "roles": "arn:{partition}:iam::{account}:role/*",
    "topic": "arn:{partition}:sns:{region}:{account}:*",
}


def _brought(existing: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, list[Resource]]:
    """What is brought, by its setting."""
    found = {}
    for setting in _BROUGHT:
        unknown = _ANY.get(setting, "*").format_map(known)
        ids = [reference if isinstance(reference, str) else unknown for reference in _references(existing.get(setting))]
        if ids:
            found[f"existing.{setting}"] = [Resource("", setting, "", {"id": each}) for each in ids]
    return found


def _references(value: Any) -> list[Any]:
    """References of a setting, as model.json has them: one, a list, or some by purpose; `all = true` is one, too."""
    if not value:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and not {"tags", "ssm", "output"} & set(value):
        return [reference for reference in value.values() if reference]
    return [value]


_DEFAULTS = {"path": "/"}


def _words_of(resource: Resource) -> dict[str, str]:
    """The arguments that are texts; what AWS chooses in them, or Terraform computes, is a wildcard."""
    flat = {name: "true" if value is True else value for name, value in _flat(resource.body)}
    texts = {name: value for name, value in flat.items() if isinstance(value, str)}
    computed = {name: _COMPUTED.sub("*", value) for name, value in texts.items()}
    return {name: _SYMBOL.sub("*", value) for name, value in computed.items() if "${" not in value and value != "*"}


def _flat(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments, and those of single blocks under `<block>_<argument>`."""
    for name, value in body.items():
        yield name, value
        block = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(block, Mapping):
            yield from ((f"{name}_{inner}", item) for inner, item in block.items())


def _tag_words(synthesis: Synthesis) -> dict[str, str]:
    """Tags that every resource has from the day it is made, whatever other tags the settings have later."""
    for stack in synthesis.stacks.values():
        for provider in stack.document().get("provider", {}).get("aws", []):
            tags = provider["default_tags"][0]["tags"]
            return {"environment_tag": tags["Environment"], "managed_by_tag": tags["ManagedBy"]}
    return {}


def _settings_words(synthesis: Synthesis) -> dict[str, str]:
    settings = synthesis.settings
    suffix = partition_of(settings["region"]).dns_suffix
    boundary = str(settings.get("iam", {}).get("permissions_boundary", ""))
    concurrency = str(settings.get("functions", {}).get("reserved_concurrency") or "")
    return {"suffix": suffix, "boundary": boundary, "reserved_concurrency": concurrency, "vpc": _vpc(settings)}


def _vpc(settings: Mapping[str, Any]) -> str:
    """The id of the VPC that the environment is in; `*` where only AWS knows it."""
    brought = settings.get("existing", {}).get("vpc") or settings.get("ci", {}).get("vpc_id")
    return brought if isinstance(brought, str) and brought else "*"
