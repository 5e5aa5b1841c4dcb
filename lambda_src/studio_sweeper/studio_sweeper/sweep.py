"""Chooses the sweep; create and update have nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sagekeep_runtime.retry import Budget
from studio_sweeper.domain import sweep_domain
from studio_sweeper.network import sweep_network
from studio_sweeper.requests import SweepDomain, SweepNetwork


def run(request: SweepDomain | SweepNetwork, *, client: Callable[[str], Any], budget: Budget) -> dict[str, Any]:
    """Sweeps when Terraform deletes; `client` makes the client of a named service."""
    if request.terraform != "delete":
        return {"status": "nothing to do"}
    if isinstance(request, SweepDomain):
        return sweep_domain(request.domain_id, sagemaker=client("sagemaker"), budget=budget)
    return sweep_network(request.vpc_id, ec2=client("ec2"), sagemaker=client("sagemaker"), budget=budget)
