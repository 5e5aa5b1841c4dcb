"""Draws docs/images/review.png and writes docs/review-example.md, both from plans that are recorded under tests/review.

.venv/bin/python -m docs.images.review
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sagekeep.review import gate_rules
from sagekeep.review.gate import decide
from sagekeep.review.model import Plan
from sagekeep.review.reports import markdown, page
from sagekeep.review.reports.outline import Outline, outline
from sagekeep.review.review import review
from tests.review import corpus
from tests.review.browser import chromium

DOCS = Path(__file__).parents[1]
PICTURED = ("studio-key", "bucket-perimeter-gone", "hyperparameter")
COMMENTED = "pull-request"


def told(plans: tuple[Plan, ...]) -> Outline:
    """A review of them for poc."""
    found = review(plans, root=corpus.ROOT)
    return outline(found, decide(found, gate_rules.load(None), "poc", datetime(2026, 11, 26, tzinfo=UTC)))


def comment() -> str:
    """The comment of a pull request that adds an endpoint, a user and a hyperparameter, and widens one statement."""
    return markdown.render(told(corpus.plans(COMMENTED)))


def draw(file: Path) -> None:
    """A picture of the page."""
    plans = tuple(plan for case in PICTURED for plan in corpus.plans(case))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        shown = Path(folder) / "review.html"
        shown.write_text(page.render(told(plans)), encoding="utf-8")
        window = browser.new_page(viewport={"width": 1100, "height": 1180})
        window.goto(shown.as_uri())
        window.screenshot(path=file)


if __name__ == "__main__":
    (DOCS / "review-example.md").write_text(comment(), encoding="utf-8")
    draw(DOCS / "images" / "review.png")
