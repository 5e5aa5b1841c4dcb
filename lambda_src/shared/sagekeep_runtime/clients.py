"""AWS clients with time limits that suit a function inside a closed network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

# Without these a missing interface endpoint costs botocore's default of 60 s per attempt.
_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 6})
_QUICK = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


@lru_cache
def patient_client(service: str) -> Any:
    """A client that repeats throttled calls; kept between invocations."""
    return boto3.client(service, config=_PATIENT)


@lru_cache
def quick_client(service: str) -> Any:
    """A client that gives up within about 20 s, for functions that every plan calls."""
    return boto3.client(service, config=_QUICK)
