"""The page of a review in a real browser: filters, keyboard, both colour schemes, and that it asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from typer.testing import CliRunner

from sagekeep.cli import app
from tests.review import corpus
from tests.review.browser import CHROMIUM, DRIVER, chromium, resize

PLANS = (
    ("studio-key", "studio"),
    ("bucket-public", "storage"),
    ("key-policy-widened", "keys"),
    ("endpoint-removed", "network"),
)
pytestmark = pytest.mark.skipif(
    not (DRIVER and CHROMIUM), reason="needs Chromium and its driver: apt install chromium chromium-driver"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of four plans, as the command writes it."""
    folder = tmp_path_factory.mktemp("page")
    files = []
    for case, stack in PLANS:
        file = folder / f"{stack}.json"
        file.write_text(corpus.text(case, stack), encoding="utf-8")
        files.append(str(file))
    done = CliRunner().invoke(app, ["review", *files, "--no-checkov", "--html", str(folder / "review.html")])
    assert done.exit_code == 1, done.output
    return folder / "review.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Whose requests are logged."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def opened(browser: webdriver.Chrome, page: Path) -> webdriver.Chrome:
    """The page, anew."""
    browser.set_window_size(1200, 1000)
    browser.get(page.as_uri())
    return browser


def shown(browser: webdriver.Chrome) -> list[Any]:
    return [item for item in browser.find_elements(By.CSS_SELECTOR, ".finding") if item.is_displayed()]


def requests(browser: webdriver.Chrome) -> list[str]:
    """Addresses that the page asked for since this was called last."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


# Contrast of the texts that are seen against the ground behind them: https://www.w3.org/TR/WCAG21/#contrast-minimum
DIM = """
const light = c => { const v = c.match(/[\\d.]+/g).map(Number).slice(0, 3).map(x => x / 255)
  .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]; };
const ground = e => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
return [...document.querySelectorAll('h1, h1 span, .summary, .risk, .sentence, .verdict, dt, dd, code, .toggle span')]
  .filter(e => e.checkVisibility()).map(e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
    return [e.className || e.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; })
  .filter(([, ratio]) => ratio < 4.5).map(([name]) => name);
"""


def ground(browser: webdriver.Chrome) -> str:
    return str(browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color"))


def test_no_request_leaves_the_page_and_nothing_is_complained_of(browser: webdriver.Chrome, page: Path) -> None:
    browser.get("about:blank")  # and not the page that Chromium begins with, which asks for its own parts
    requests(browser)
    browser.get_log("browser")
    browser.get(page.as_uri())
    for summary in browser.find_elements(By.TAG_NAME, "summary"):
        summary.click()
    browser.find_element(By.NAME, "text").send_keys("domain")
    asked = requests(browser)
    assert asked[0] == page.as_uri()
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}
    assert browser.get_log("browser") == []


def test_everything_is_shown_and_counted_at_first(opened: webdriver.Chrome) -> None:
    found = len(shown(opened))
    assert found > len(PLANS)
    assert opened.find_element(By.ID, "shown").text == f"{found} of {found}"
    assert [h.text for h in opened.find_elements(By.TAG_NAME, "h2")] == [
        section.get_dom_attribute("data-stack") for section in opened.find_elements(By.TAG_NAME, "section")
    ]


def test_a_risk_class_is_taken_out_and_put_back(opened: webdriver.Chrome) -> None:
    everything = len(shown(opened))
    lost = [item for item in shown(opened) if item.get_dom_attribute("data-risk") == "data-loss"]
    box = opened.find_element(By.CSS_SELECTOR, "input[value=data-loss]")
    box.click()
    left = shown(opened)
    assert lost
    assert len(left) == everything - len(lost)
    assert {item.get_dom_attribute("data-risk") for item in left}.isdisjoint({"data-loss"})
    assert opened.find_element(By.ID, "shown").text == f"{len(left)} of {everything}"
    box.click()
    assert len(shown(opened)) == everything


@pytest.mark.parametrize("stack", [stack for _, stack in PLANS])
def test_one_stack_alone_hides_the_others_with_their_headings(opened: webdriver.Chrome, stack: str) -> None:
    Select(opened.find_element(By.NAME, "stack")).select_by_value(stack)
    assert shown(opened)
    assert [h.text for h in opened.find_elements(By.TAG_NAME, "h2") if h.is_displayed()] == [stack]


def test_one_verdict_alone(opened: webdriver.Chrome) -> None:
    Select(opened.find_element(By.NAME, "verdict")).select_by_value("fail")
    assert shown(opened)
    assert {item.get_dom_attribute("data-verdict") for item in shown(opened)} == {"fail"}


def test_the_search_finds_words_of_details_that_are_folded(opened: webdriver.Chrome) -> None:
    opened.find_element(By.NAME, "text").send_keys("No New Domain")
    (found, *_) = shown(opened)
    assert "no new domain" in str(found.get_property("textContent"))
    opened.find_element(By.NAME, "text").send_keys(" nowhere")
    assert shown(opened) == []
    assert opened.find_element(By.ID, "shown").text.startswith("0 of ")


def test_the_keyboard_is_enough(opened: webdriver.Chrome) -> None:
    """Slash goes to the search, tab to everything else, space unfolds and toggles, and the focus shows."""
    opened.find_element(By.TAG_NAME, "body").send_keys("/")
    assert opened.switch_to.active_element.get_dom_attribute("name") == "text"
    opened.switch_to.active_element.send_keys(Keys.TAB)
    summary = opened.switch_to.active_element
    assert summary.tag_name == "summary"
    assert summary.value_of_css_property("outline-style") != "none"
    details = summary.find_element(By.XPATH, "..")
    before = details.get_property("open")
    summary.send_keys(Keys.SPACE)
    assert details.get_property("open") is not before


def test_light_and_dark_follow_the_reader_and_can_be_read(opened: webdriver.Chrome) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
        grounds.append(ground(opened))
        assert opened.execute_script(DIM) == []
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert grounds[0] != grounds[1]


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_runs_out_of_the_window(opened: webdriver.Chrome, width: int) -> None:
    resize(opened, width, 900)
    wide = opened.execute_script("return document.documentElement.scrollWidth")
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width
