"""IAM's rules: whether a request is allowed, by which statement, or what stops it. Reads documents, asks no account.

`document` reads policies, `request` says who asks for what, `evaluate` decides; `conditions`, `patterns` and
`principals` are what it compares with. Why we own it: docs/decisions/0025-our-own-iam-evaluator.md.
"""

from __future__ import annotations

from sagekeep.iam.document import Condition, Policy, PolicyError, Statement, parse
from sagekeep.iam.evaluate import Grant, Layers, Verdict, decide
from sagekeep.iam.request import Caller, Request

__all__ = [
    "Caller",
    "Condition",
    "Grant",
    "Layers",
    "Policy",
    "PolicyError",
    "Request",
    "Statement",
    "Verdict",
    "decide",
    "parse",
]
