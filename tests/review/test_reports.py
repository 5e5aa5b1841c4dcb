"""The four reports: the same findings in each, nothing that steers a reader's terminal, page or pull request."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sagekeep.review import gate_rules
from sagekeep.review.gate import decide
from sagekeep.review.reports import markdown, page, terminal
from sagekeep.review.reports.outline import Outline, document, outline
from sagekeep.review.review import Review, review
from tests.review import corpus
from tests.review.built import Json, change, plan

NOW = datetime(2026, 12, 24, tzinfo=UTC)


def told(reviewed: Review, env: str = "poc") -> Outline:
    """What the reports print."""
    return outline(reviewed, decide(reviewed, gate_rules.load(None), env, NOW))


def in_terminal(shown: Outline, *, width: int = 0, everything: bool = True) -> str:
    """The terminal's report; without a width as in a pipe."""
    screen = Console(file=StringIO(), width=width or 200, force_terminal=bool(width), color_system=None)
    terminal.show(screen, shown, everything=everything)
    return screen.file.getvalue()  # type: ignore[attr-defined]


CASES = ["studio-key", "bucket-public", "network-moved", "pull-request", "first-deploy", "no-op", "drift"]


@pytest.mark.parametrize("case", CASES)
def test_every_finding_stands_in_each_report(case: str) -> None:
    reviewed = corpus.reviewed(case)
    shown = told(reviewed)
    sentences = [finding.sentence for finding in reviewed.findings]
    machine = document(reviewed, decide(reviewed, gate_rules.load(None), "poc", NOW))
    assert [finding["sentence"] for finding in machine["findings"]] == sentences
    assert json.loads(json.dumps(machine)) == machine
    printed, comment, browser = in_terminal(shown), markdown.render(shown), _text_of(page.render(shown))
    for sentence in sentences:
        assert sentence in printed
        assert sentence in browser
        assert markdown.plain(sentence) in comment


class _Page(HTMLParser):
    """The texts of a page, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            value or "" for name, value in attrs if name in ("src", "href", "action", "srcset", "background")
        ]


def _parsed(text: str) -> _Page:
    parser = _Page()
    parser.feed(text)
    return parser


def _text_of(text: str) -> str:
    return "".join(_parsed(text).texts)


def test_the_page_loads_nothing() -> None:
    text = page.render(told(corpus.reviewed("pull-request")))
    assert _parsed(text).loads == ["data:,"]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|https?://", _without_texts(text))
    assert "default-src 'none'" in text


def _without_texts(text: str) -> str:
    """The page's own code, without what findings say."""
    return re.sub(r"<main>.*</form>|<section.*</section>", "", text, flags=re.DOTALL)


NASTY = "x</code><script>alert(1)</script> [a](http://b) @everyone `rm` \x1b[2J | ![i](http://c) <img src=x onerror=y>"


def test_names_of_others_are_shown_and_do_nothing() -> None:
    shown = told(review([plan(change("aws_sqs_queue", {"name": NASTY}, None, name=NASTY), stack=NASTY)]))
    browser = page.render(shown)
    assert _parsed(browser).tags.count("script") == 1
    assert "img" not in _parsed(browser).tags
    comment = markdown.render(shown)
    assert "<script" not in comment
    assert "<img" not in comment
    assert "@everyone" not in comment
    assert not re.search(r"(?<!\\)\]\(", comment)
    assert "://" not in comment
    for text in (browser, comment, in_terminal(shown), in_terminal(shown, width=80)):
        assert "\x1b[2J" not in text


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_any_text_stays_one_line_in_a_comment(text: str) -> None:
    line = markdown.plain(text)
    assert "\n" not in line
    assert "<" not in line
    assert "@" not in line


def many(count: int, policy: int = 0) -> list[Json]:
    """Dangerous changes, with long details where wanted."""
    actions = [f"s3:Action{n}" for n in range(policy)]
    statement = {"Effect": "Allow", "Action": actions or ["s3:GetObject"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    nothing = '{"Version": "2012-10-17", "Statement": []}'
    made = (change("aws_iam_policy", {"policy": nothing}, {"policy": text}, name=f"it{n}") for n in range(count))
    return list(made)


@pytest.mark.parametrize(("count", "policy"), [(1, 5000), (50, 500), (400, 5), (3000, 0)])
def test_a_comment_is_never_too_long_for_github(count: int, policy: int) -> None:
    comment = markdown.render(told(review([plan(*many(count, policy))])))
    assert len(comment) < markdown.LIMIT
    assert comment.count("<details>") == comment.count("</details>")
    assert "3 more" in comment or "more" in comment or count == 1


def test_a_short_terminal_breaks_lines_between_words() -> None:
    for line in in_terminal(told(corpus.reviewed("studio-key")), width=60).splitlines():
        assert len(line) <= 60 or len(line.split()) <= 3


def test_details_are_counted_unless_all_are_asked_for() -> None:
    shown = told(corpus.reviewed("bucket-perimeter-loosened"))
    assert "more: --all" in in_terminal(told(corpus.reviewed("first-deploy")), everything=False)
    assert "more: --all" not in in_terminal(shown, everything=True)


def test_of_thousands_of_findings_the_worst_are_printed_and_the_rest_counted() -> None:
    keys = [change("aws_kms_key", {"key_id": f"k{n}"}, None, name=f"k{n}") for n in range(99)]
    queues = [change("aws_sqs_queue", {"name": f"q{n}"}, None, name=f"q{n}") for n in range(200)]
    shown = told(review([plan(*queues, *keys)]))
    short, whole = (in_terminal(shown, everything=everything) for everything in (False, True))
    assert all(f"aws_kms_key.k{n}\n" in short for n in range(99))
    assert short.count("aws_sqs_queue.q") == 1
    assert "and 199 more, none of them worse" in short
    assert whole.count("aws_sqs_queue.q") == 200


def test_what_is_to_be_known_first_stands_first() -> None:
    checks = [
        {"address": {"to_display": "check.live"}, "status": "fail", "instances": [{"problems": [{"message": "No"}]}]}
    ]
    shown = told(review([plan(change("aws_sqs_queue", None, {"name": "q"}), checks=checks, errored=True)]))
    assert shown.verdict == "fails"
    assert shown.warnings == ("s: the plan was cut short by an error", "s: a check does not hold: check.live: No")
    for text in (in_terminal(shown), markdown.render(shown), page.render(shown)):
        assert text.index("cut short") < text.index("The queue q is new")


def test_a_plan_without_changes_says_so() -> None:
    shown = told(corpus.reviewed("no-op"))
    assert shown.verdict == "nothing changes"
    assert "nothing changes" in in_terminal(shown)


STEERING = "a\u202eb\u2066c\u200bd\ud800e\nf\u2028g"


def test_the_summary_names_the_stacks_that_change_and_no_others() -> None:
    quiet = plan(change("aws_sqs_queue", {"name": "q"}, {"name": "q"}), stack="keys")
    gone = plan(change("aws_sqs_queue", {"name": "q"}, None), stack="pipeline")
    assert " 1 destroyed in pipeline;" in told(review([quiet, gone])).summary
    assert told(review([quiet])).summary == "poc: nothing changes in keys"


def test_marks_that_turn_a_text_around_and_broken_characters_are_in_no_report() -> None:
    statement = {"Sid": STEERING, "Effect": "Allow", "Action": "s3:*", "Resource": STEERING}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    shown = told(review([plan(change("aws_iam_role_policy", None, {"role": "r", "policy": policy}, name=STEERING))]))
    for text in (page.render(shown), markdown.render(shown), in_terminal(shown)):
        assert text.encode("utf-8")
        assert not set("\u202e\u2066\u200b\u2028") & set(text)
        assert "e\nf" not in text


def test_a_comment_mentions_nobody_and_no_issue_and_holds_no_formula() -> None:
    line = markdown.plain("@team fixes #12 and GH-7, ${aws:username}/${aws:userid}")
    assert line.startswith("&#64;&#8203;team fixes #&#8203;12 and GH-&#8203;7")
    assert "$" not in line
