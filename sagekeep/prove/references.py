"""What is brought, by its key in the settings, and what a reference to it stands for before anybody asks AWS.

Every stack looks a thing up with a data source of its own. Here all of them mean the same: the thing's ARN or name as
the settings have it, or a symbol with the setting's key, such as `arn:aws:iam::123456789012:role/<existing.roles.job>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Things whose ARN or name stands in policies, and its form where only Terraform can tell it.
_FORMS = {
    "data_bucket": "<{key}>",
    "access_log_bucket": "<{key}>",
    "state_bucket": "<{key}>",
    "domain": "d-<{key}>",
    "topic": "arn:{partition}:sns:{region}:{account}:<{key}>",
    "roles": "arn:{partition}:iam::{account}:role/<{key}>",
}
_DATA = re.compile(r"\bdata\.aws_(?:ssm_parameter|resourcegroupstaggingapi_resources)\.(\w+)")
_OUTPUT = re.compile(r"data\.terraform_remote_state\.existing_(\w+)\.outputs\.(\w+)")


class References:
    """The section `[existing]` of an environment's settings.

    Attributes:
        keys: setting's key -> the reference as it is written, such as `existing.keys.data`; of a list: the list.
    """

    def __init__(self, existing: Mapping[str, Any], services: Mapping[str, str], known: Mapping[str, str]) -> None:
        """`services`: of the endpoints, for `endpoints.all`; `known`: account, region and partition."""
        self.keys = dict(_keys(existing, services))
        forms = {key: _FORMS.get(key.split(".")[1]) for key in self.keys}
        self.texts = {
            key: self.keys[key] if isinstance(self.keys[key], str) else form.format(key=key, **known)
            for key, form in forms.items()
            if form
        }
        self._addresses = {re.sub(r"\W", "_", key): text for key, text in self.texts.items()}
        self._outputs = {
            (re.sub(r"\W", "_", found["state"]), found["output"]): self.texts[key]
            for key, found in self.keys.items()
            if key in self.texts and isinstance(found, Mapping) and "state" in found
        }

    def purposes(self, start: str) -> list[str]:
        """What is brought below a key: `job` of `existing.roles`."""
        return [key.removeprefix(f"{start}.") for key in self.keys if key.startswith(f"{start}.")]

    def lookup(self, expression: str) -> str | None:
        """What an expression of Terraform stands for that looks a thing up; None for every other expression."""
        output = _OUTPUT.fullmatch(expression)
        if output:
            return self._outputs.get((output[1], output[2]))
        data = _DATA.search(expression)
        return self._addresses.get(data[1]) if data else None


def _keys(existing: Mapping[str, Any], services: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name in ("vpc", "subnets", "route_tables", *_FORMS):
        if name != "roles" and existing.get(name):
            yield f"existing.{name}", existing[name]
    for name in ("security_groups", "keys", "roles"):
        for purpose, reference in (existing.get(name) or {}).items():
            yield f"existing.{name}.{purpose}", reference
    endpoints = existing.get("endpoints") or {}
    named = {service: reference for service, reference in endpoints.items() if service != "all"}
    everything = {service: "" for service in services if endpoints.get("all")}
    for service, reference in {**everything, **named}.items():
        yield f"existing.endpoints.{service}", reference
