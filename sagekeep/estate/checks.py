"""The checks of everything that can be brought, in the order in which they are made."""

from __future__ import annotations

from sagekeep.estate.bucket_checks import CHECKS as BUCKETS
from sagekeep.estate.check import Check
from sagekeep.estate.key_checks import CHECKS as KEYS
from sagekeep.estate.network_checks import CHECKS as NETWORK
from sagekeep.estate.role_checks import CHECKS as ROLES
from sagekeep.estate.studio_checks import CHECKS as STUDIO

CHECKS: tuple[Check, ...] = (*KEYS, *NETWORK, *BUCKETS, *STUDIO, *ROLES)
