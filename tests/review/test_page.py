"""The page of a review in a real browser: filters, keyboard, both colour schemes, and that it asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page
from typer.testing import CliRunner

from sagekeep.cli import app
from tests.review import corpus
from tests.review.browser import MISSING, chromium, executable

PLANS = (
    ("studio-key", "studio"),
    ("bucket-public", "storage"),
    ("key-policy-widened", "keys"),
    ("endpoint-removed", "network"),
)
pytestmark = pytest.mark.skipif(not executable(), reason=MISSING)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of four plans, as the command writes it."""
    folder = tmp_path_factory.mktemp("page")
    files = []
    for case, stack in PLANS:
        plan = folder / f"{stack}.json"
        plan.write_text(corpus.text(case, stack), encoding="utf-8")
        files.append(str(plan))
    done = CliRunner().invoke(app, ["review", *files, "--no-checkov", "--html", str(folder / "review.html")])
    assert done.exit_code == 1, done.output
    return folder / "review.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, anew, in a window of its own."""
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(file.as_uri())
    yield page
    page.close()


def shown(page: Page) -> list[Locator]:
    return [item for item in page.locator(".finding").all() if item.is_visible()]


# Contrast of the texts that are seen against the ground behind them: https://www.w3.org/TR/WCAG21/#contrast-minimum
DIM = """() => {
const light = c => { const v = c.match(/[\\d.]+/g).map(Number).slice(0, 3).map(x => x / 255)
  .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]; };
const ground = e => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
return [...document.querySelectorAll('h1, h1 span, .summary, .risk, .sentence, .verdict, dt, dd, code, .toggle span')]
  .filter(e => e.checkVisibility()).map(e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
    return [e.className || e.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; })
  .filter(([, ratio]) => ratio < 4.5).map(([name]) => name);
}"""
FOCUSED = "document.activeElement"


def test_no_request_leaves_the_page_and_nothing_is_complained_of(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    page.locator("[name=text]").press_sequentially("domain")
    page.close()
    assert asked[0] == file.as_uri()
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}
    assert complaints == []


def test_everything_is_shown_and_counted_at_first(opened: Page) -> None:
    found = len(shown(opened))
    assert found > len(PLANS)
    assert opened.locator("#shown").inner_text() == f"{found} of {found}"
    assert opened.locator("h2").all_inner_texts() == [
        section.get_attribute("data-stack") for section in opened.locator("section").all()
    ]


def test_a_risk_class_is_taken_out_and_put_back(opened: Page) -> None:
    everything = len(shown(opened))
    lost = [item for item in shown(opened) if item.get_attribute("data-risk") == "data-loss"]
    box = opened.locator("input[value=data-loss]")
    box.click()
    left = shown(opened)
    assert lost
    assert len(left) == everything - len(lost)
    assert {item.get_attribute("data-risk") for item in left}.isdisjoint({"data-loss"})
    assert opened.locator("#shown").inner_text() == f"{len(left)} of {everything}"
    box.click()
    assert len(shown(opened)) == everything


@pytest.mark.parametrize("stack", [stack for _, stack in PLANS])
def test_one_stack_alone_hides_the_others_with_their_headings(opened: Page, stack: str) -> None:
    opened.locator("[name=stack]").select_option(stack)
    assert shown(opened)
    assert [h.inner_text() for h in opened.locator("h2").all() if h.is_visible()] == [stack]


def test_one_verdict_alone(opened: Page) -> None:
    opened.locator("[name=verdict]").select_option("fail")
    assert shown(opened)
    assert {item.get_attribute("data-verdict") for item in shown(opened)} == {"fail"}


def test_the_search_finds_words_of_details_that_are_folded(opened: Page) -> None:
    text = opened.locator("[name=text]")
    text.press_sequentially("No New Domain")
    (found, *_) = shown(opened)
    assert "no new domain" in str(found.text_content())
    text.press_sequentially(" nowhere")
    assert shown(opened) == []
    assert opened.locator("#shown").inner_text().startswith("0 of ")


def test_the_keyboard_is_enough(opened: Page) -> None:
    """Slash goes to the search, tab to everything else, space unfolds and toggles, and the focus shows."""
    opened.keyboard.press("/")
    assert opened.evaluate(f"{FOCUSED}.name") == "text"
    opened.keyboard.press("Tab")
    assert opened.evaluate(f"{FOCUSED}.tagName") == "SUMMARY"
    assert opened.evaluate(f"getComputedStyle({FOCUSED}).outlineStyle") != "none"
    before = opened.evaluate(f"{FOCUSED}.parentElement.open")
    opened.keyboard.press("Space")
    assert opened.evaluate(f"{FOCUSED}.parentElement.open") is not before


def test_light_and_dark_follow_the_reader_and_can_be_read(opened: Page) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        grounds.append(opened.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert opened.evaluate(DIM) == []
    assert grounds[0] != grounds[1]


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_runs_out_of_the_window(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
