"""docs/controls.md, made from the matrix: `.venv/bin/python -m sagekeep.controls.page > docs/controls.md`."""

from __future__ import annotations

from itertools import groupby

from sagekeep.controls.matrix import Control, controls

_HEAD = """\
# Controls

What an environment promises, and how each promise is proved without an AWS account. `sagekeep evidence` checks every
row on the synthesized Terraform and says where each is kept; `pytest tests/controls` reads as a line for each.

**Ids.** Without a prefix: AWS Foundational Security Best Practices, as Security Hub lists them; `CIS`: AWS Foundations
Benchmark v7.0; `DP`: statements of AWS's data-perimeter-policy-examples; `AISF`: the AI Security Best Practices v1.0.0
standard; `CKV`: checkov 3.3.30. They were read in 2026 from stored copies: compare them with the live lists before
quoting them to an auditor.

**Status.** `must`: always on. `default`: on, a setting turns it off. `option`: off, a setting turns it on. `account`:
belongs to the account or its landing zone. `exception`: not met on purpose, for the reason given. `n/a`: no such
resource is emitted, and a check says so.

**Brought.** With the keys in this column (section `[existing]` of the settings) a part of what the promise is about is
another's, who made it and decides about it. `sagekeep evidence` then says `brought` and names the keys, instead of
`met`: the check holds what is ours to the promise, and what others have made is not looked at. A fault of ours is
`broken` all the same. What is brought is compared with what is asked of it by `sagekeep estate check`
([estates](estates.md)).

**Proof.** `own`: a check of ours on the synthesized Terraform, because no public scanner looks. `json`, `plan`: checkov
on the synthesized stacks and on plans. `lint`: parliament and cloudsplaining on the rendered policies. `register`:
an entry in environments/exceptions.toml.

Resource policies name the account's root with `aws:PrincipalArn`, never a role: KMS and S3 refuse principals that do
not exist yet.
"""
_FOOT = """
## Left to the account

CloudTrail.1, .2, .4, .5 · Config.1 · GuardDuty.1 · Macie.1 · S3.1 · IAM.3 to IAM.9, IAM.19, IAM.22 · CIS 2.1 to 2.13,
2.15 to 2.20, 4.1 to 4.5, 5.1 to 5.16 · data-perimeter policies of the whole organisation (EnforceOrgIdentities,
EnforceResourcePerimeterAWSResources). Of CIS 5, an environment watches what is its own ([detection](detection.md)).
"""


def page() -> str:
    """The whole page."""
    sections = groupby(controls(), key=lambda control: control.section)
    return _HEAD + "".join(_section(name, list(rows)) for name, rows in sections) + _FOOT


def _section(name: str, rows: list[Control]) -> str:
    head = f"\n## {name}\n\n| # | promise | ids | status | brought | proof |\n|---|---|---|---|---|---|\n"
    return head + "".join(f"{_row(control)}\n" for control in rows)


def _row(control: Control) -> str:
    status = f"{control.status}: {control.note}" if control.note else control.status
    brought = ", ".join(f"`{text.removeprefix('existing.')}`" for text in control.brought)
    return f"| {control.id} | {control.promise} | {control.published} | {status} | {brought} | {control.proof} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
