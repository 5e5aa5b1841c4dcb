"""A synthetic table that a model can learn: will a customer of a made-up mobile network leave?

Standard library only and one stream of random numbers, so equal arguments give equal bytes on any Python.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

Row = dict[str, str]

PLANS = ("basic", "family", "business", "student")
REGIONS = ("north", "south", "east", "west")
CONTRACTS = ("monthly", "yearly")
FEATURES = (
    "age",
    "tenure_months",
    "monthly_charge",
    "data_usage_gb",
    "support_calls",
    "late_payments",
    "plan",
    "region",
    "contract",
)


@dataclass(frozen=True)
class Customer:
    """One made-up customer; charges in dollars a month, usage in GB a month."""

    age: int
    tenure_months: int
    monthly_charge: float
    data_usage_gb: float
    support_calls: int
    late_payments: int
    plan: str
    region: str
    contract: str


def csv_text(*, rows: int, seed: int, label: str) -> str:
    """The table with a header; `label` is the last column, 0 or 1, both present.

    A feature that is called like the label gives way to it.
    """
    columns = [name for name in FEATURES if name != label]
    source = random.Random(seed)  # noqa: S311 - made-up data, no secrets
    lines = [",".join([*columns, label])]
    for number in range(rows):
        customer = _customer(source)
        # The first two rows hold one of each class, so that even the smallest set can be trained on.
        leaves = number == 0 if number < 2 else source.random() < _risk(customer)
        lines.append(",".join([*(str(getattr(customer, name)) for name in columns), str(int(leaves))]))
    return "\n".join(lines) + "\n"


def _customer(source: random.Random) -> Customer:
    choose: Callable[[tuple[str, ...]], str] = lambda names: names[int(source.random() * len(names))]  # noqa: E731
    return Customer(
        age=18 + int(source.random() * 63),
        tenure_months=1 + int(source.random() ** 2 * 95),
        monthly_charge=round(15 + 95 * source.random(), 2),
        data_usage_gb=round(60 * source.random() ** 1.5, 1),
        support_calls=_few(source, 0.55),
        late_payments=_few(source, 0.35),
        plan=choose(PLANS),
        region=choose(REGIONS),
        contract=choose(CONTRACTS),
    )


def _few(source: random.Random, chance: float) -> int:
    """A small count: how often in a row luck below `chance` held, at most nine."""
    count = 0
    while count < 9 and source.random() < chance:
        count += 1
    return count


def _risk(customer: Customer) -> float:
    """The chance to leave. Steep enough to learn, not so steep that the task is trivial."""
    score = (
        0.9 * (customer.support_calls - 1.2)
        + 0.7 * (customer.late_payments - 0.5)
        + 0.045 * (customer.monthly_charge - 62)
        - 0.06 * (customer.tenure_months - 32)
        + (1.6 if customer.contract == "monthly" else -1.6)
        + (0.8 if customer.plan == "student" else 0.0)
    )
    return 1 / (1 + math.exp(-1.3 * score))
