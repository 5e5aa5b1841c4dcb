"""The `configuration` of a plan: what refers to what, provider constraints, default tags. No value is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_REMOTE = re.compile(r"data\.terraform_remote_state\.(\w+)\.outputs\.(\w+)")


class Configuration:
    """Answers from the section as Terraform prints it."""

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._section = section

    def tag(self, name: str) -> str:
        """A default tag of the AWS provider, where it is a constant; else ""."""
        for provider in self._section.get("provider_config", {}).values():
            for block in provider.get("expressions", {}).get("default_tags", ()) or ():
                tags = block.get("tags", {}).get("constant_value") if isinstance(block, Mapping) else None
                if isinstance(tags, Mapping) and name in tags:
                    return str(tags[name])
        return ""

    def accounts(self) -> frozenset[str]:
        """Accounts that the AWS provider is allowed to work in, where they are constants."""
        providers = self._section.get("provider_config", {}).values()
        listed = (p.get("expressions", {}).get("allowed_account_ids", {}).get("constant_value") for p in providers)
        return frozenset(str(account) for accounts in listed for account in accounts or ())

    def providers(self) -> dict[str, str]:
        """Version constraint by provider's name."""
        configured = self._section.get("provider_config", {})
        return {p.get("full_name", key): p.get("version_constraint", "") for key, p in configured.items()}

    def sensitive(self) -> list[str]:
        """Variables of the root module whose values are sensitive."""
        variables = self._section.get("root_module", {}).get("variables", {})
        return [name for name, variable in variables.items() if variable.get("sensitive")]

    def references(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """By address without index: what each argument of a resource refers to."""
        return dict(_module(self._section.get("root_module", {}), ""))

    def reads(self) -> dict[str, frozenset[str]]:
        """Outputs that are read from other stacks' states, by the name of the `terraform_remote_state`."""
        found: dict[str, set[str]] = {}
        for text in _references(self._section):
            match = _REMOTE.match(text)
            if match:
                found.setdefault(match[1], set()).add(match[2])
        return {stack: frozenset(outputs) for stack, outputs in found.items()}


def _module(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    for resource in module.get("resources", ()):
        expressions = resource.get("expressions", {})
        found = {name: tuple(dict.fromkeys(_references(value))) for name, value in expressions.items()}
        depends = tuple(resource.get("depends_on", ()))
        yield prefix + resource["address"], {k: v for k, v in (found | {"depends_on": depends}).items() if v}
    for name, call in module.get("module_calls", {}).items():
        yield from _module(call.get("module", {}), f"{prefix}module.{name}.")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "references" in value:
            yield from value["references"]
            return
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
