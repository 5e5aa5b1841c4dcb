"""The pattern that tells whether a deployer is exempt: IAM's wildcards as Terraform reads them."""

from __future__ import annotations

import json
import re

import pytest

from stacks.parts.lockout import _pattern

CASES = [
    ("arn:aws:iam::1:role/deployer", "arn:aws:iam::1:role/deployer", True),
    ("arn:aws:iam::1:role/deployer", "arn:aws:iam::1:role/deployer2", False),
    ("arn:aws:iam::1:role/a.b+c", "arn:aws:iam::1:role/a.b+c", True),
    ("arn:aws:iam::1:role/a.b", "arn:aws:iam::1:role/axb", False),
    ("arn:aws:iam::1:role/sso/*/Admin_*", "arn:aws:iam::1:role/sso/eu-west-1/Admin_0f", True),
]


@pytest.mark.parametrize(("pattern", "arn", "exempt"), CASES)
def test_a_deployer_is_exempt_by_its_arn_or_pattern(pattern: str, arn: str, exempt: bool) -> None:
    in_terraform = json.loads(f'"{_pattern(pattern)}"')  # a quoted string of Terraform escapes as JSON does
    assert bool(re.fullmatch(in_terraform, arn)) is exempt
