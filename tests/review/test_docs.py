"""What the docs show is what comes out today."""

from __future__ import annotations

import re
from pathlib import Path

from docs.images import review as drawn
from sagekeep.review import gate_rules
from sagekeep.review.model import Risk

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_is_what_the_plans_say() -> None:
    """`.venv/bin/python -m docs.images.review` writes it anew."""
    assert (DOCS / "review-example.md").read_text(encoding="utf-8") == drawn.comment()


def test_the_example_can_be_read_in_twenty_seconds() -> None:
    """Above the folds: at five words a second."""
    seen = re.sub(r"<details>.*?</details>|<!--.*?-->", "", drawn.comment(), flags=re.DOTALL)
    assert len(re.findall(r"\S*\w\S*", seen)) <= 100
    for said in (
        "ssm is new",
        "user profile ada is new",
        "600 → 1234",
        "now allows s3:GetObject on arn:aws:s3:::acme-ml-data",
    ):
        assert said in seen


def test_the_table_of_verdicts_is_the_gate_s() -> None:
    text = (DOCS / "review.md").read_text(encoding="utf-8")
    (defaults,) = gate_rules.load(None)
    for risk in Risk:
        everywhere = defaults.risk[risk]
        poc = defaults.environments["poc"].risk.get(risk, everywhere)
        prod = defaults.environments["prod*"].risk.get(risk, everywhere)
        assert f"| {risk} | {everywhere} | {poc} | {prod} |" in text


def test_the_rules_in_the_docs_are_good(tmp_path: Path) -> None:
    text = (DOCS / "review.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "review.toml").write_text(example)
    assert len(gate_rules.load(tmp_path / "review.toml")) == 2
