"""Policies compared by what they allow, however they are written.

`grants` takes statements apart, `cover` says whether one grant holds another, `compare` finds what is allowed now and
was not, and what is no longer, `words` says it, `attached` finds the policies in a plan's changes.
"""

from __future__ import annotations

from sagekeep.review.policies.compare import Meaning, compare
from sagekeep.review.policies.grants import Grant

__all__ = ["Grant", "Meaning", "compare"]
