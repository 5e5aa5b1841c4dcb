"""What a Terraform plan means: which data is lost, who may reach more, what stands still, what it takes to undo.

`reading` reads `terraform show -json`, `model` says what a change and a finding are, `policies` compares policies by
meaning, `rules` and `data/rules/` know the dangers, `pipeline` compares the pipeline's definition, `gate` decides
whether a plan may pass, and the reports print the same findings in four ways.
"""

from __future__ import annotations

from sagekeep.review.model import Change, Finding, Plan, Risk, Severity

__all__ = ["Change", "Finding", "Plan", "Risk", "Severity"]
