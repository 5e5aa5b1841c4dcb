"""Settings that carry the rules of the house an environment is built into: tags, names, keys, what others read."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sagekeep.settings_fields import PrincipalArns, SsmPrefix
from sagekeep.settings_section import Section

DEFAULT_NAME_PATTERN = "{prefix}-{purpose}"


def _patterns(patterns: dict[str, str]) -> dict[str, str]:
    for key, pattern in patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            rule = f"must be regular expressions; that of {key} is not: {error}"
            raise PydanticCustomError("rule", "{rule}", {"rule": rule}) from None
    return patterns


class TagPolicy(Section):
    """What the tags must be, whoever writes them; the tags of the toolkit itself count."""

    required: Annotated[tuple[str, ...], Field(strict=False)] = Field((), description="keys that every resource has")
    patterns: Annotated[dict[str, str], AfterValidator(_patterns)] = Field(
        default_factory=dict, description="regular expressions that the whole value of a tag must match, by its key"
    )


class Keys(Section):
    """Who administers the customer-managed keys."""

    administrators: PrincipalArns = Field(
        (),
        description="ARNs that may change keys and their policies, besides `[deploy] roles`; empty: whoever IAM lets. "
        "Looking at keys is for IAM to allow in either case",
    )


class Outputs(Section):
    """What other teams read of the environment, besides its state."""

    ssm_prefix: SsmPrefix = Field(
        "",
        description="SSM parameters with every output, <ssm_prefix>/<environment>/<stack>/<output>; empty: none",
    )
