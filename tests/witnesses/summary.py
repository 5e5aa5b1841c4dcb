"""What the witnesses looked at, listed at the end of a run: a witness that looked at nothing has proved nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

PROPERTY = "witness"
Witnessed = Callable[[str, str, int], None]


@pytest.fixture
def witnessed(request: pytest.FixtureRequest) -> Witnessed:
    """Call it with the witness's name, what was counted (`requests compared`), and how many; none is a failure."""

    def count(witness: str, what: str, number: int) -> None:
        assert number > 0, f"{witness}: no {what}"
        request.node.user_properties.append((PROPERTY, (witness, what, number)))

    return count


def lines(reports: Iterable[object]) -> list[str]:
    """One line a witness and thing counted, added up over the tests, in any number of processes."""
    counted: Counter[tuple[str, str]] = Counter()
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == PROPERTY:
                witness, what, number = value
                counted[witness, what] += number
    return [f"{witness}: {number:,} {what}" for (witness, what), number in sorted(counted.items())]
