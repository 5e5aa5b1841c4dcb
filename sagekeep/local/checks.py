"""Permissions that a request needs beside its own action."""

from __future__ import annotations

from sagekeep.local.authorization import Extra

EXTRA_CHECKS: list[Extra] = []
