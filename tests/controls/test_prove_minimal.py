"""Minimality: nothing is there that no listed call needs, and no Deny that stops no listed attempt."""

from __future__ import annotations

import pytest

from proofs import proof


@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_nothing_is_there_for_nobody(environment: str) -> None:
    assert [f"{item.of}: {item.what}" for item in proof(environment).idle] == []


@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_the_proof_has_no_findings(environment: str) -> None:
    assert list(proof(environment).findings()) == []
