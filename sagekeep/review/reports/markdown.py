"""The review as a comment of a pull request: short above the fold, details folded, never over GitHub's limit.

A comment may have 65,536 characters: https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from sagekeep.review.gate import Judged
from sagekeep.review.gate_rules import Verdict
from sagekeep.review.reports.clean import clean
from sagekeep.review.reports.outline import Outline, place

LIMIT = 60_000
_MARKS = {Verdict.FAIL: "❌", Verdict.WARN: "⚠️", Verdict.ALLOW: "▫️"}
_TITLES = {"fails": "❌", "passes with warnings": "⚠️", "passes": "✅", "nothing changes": "✅"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
_ISSUE = re.compile(r"((?<!&)#|\bGH-)(?=\d)", re.IGNORECASE)
_LONGEST = 600  # characters of a detail
MARKER = "<!-- sagekeep review -->"


def render(outline: Outline) -> str:
    """The comment, under LIMIT characters: where it is too long details go first, then the last findings."""
    for details, most in ((40, 400), (10, 400), (0, 400), (0, 100), (0, 30)):
        text = "\n".join(_lines(outline, details, most)) + "\n"
        if len(text) < LIMIT:
            return text
    return text[: LIMIT - 100].rsplit("\n", 1)[0] + "\n\nCut: the rest is in the other reports.\n"


def _lines(outline: Outline, details: int, most: int) -> Iterator[str]:
    yield MARKER
    yield f"### {_TITLES[outline.verdict]} Plan review: {outline.verdict}"
    yield ""
    yield plain(outline.summary)
    if outline.warnings:
        yield ""
        yield from (f"> ⚠️ {plain(text)}  " for text in outline.warnings)
    room = most
    for stack, findings in outline.groups:
        yield ""
        yield f"#### {plain(stack)}"
        yield ""
        for one in findings[: max(room, 0)]:
            yield from _finding(one, details)
        if len(findings) > max(room, 0):
            yield f"- and {len(findings) - max(room, 0)} more"
        room -= len(findings)
    yield from _quiet(outline, details, most)


def _finding(one: Judged, details: int) -> Iterator[str]:
    finding = one.finding
    yield f"- {_MARKS[one.verdict]} **{finding.risk.value}** · {plain(finding.sentence)}"
    if finding.remedy:
        yield f"  **Do:** {plain(finding.remedy)}"
    if one.why:
        yield f"  *Passes:* {plain(one.why)}"
    inside = [f"<code>{plain(place(one))}</code>"] + ([plain(finding.reason)] if finding.reason else [])
    inside += [f"- {plain(text[:_LONGEST])}" for text in finding.details[:details]]
    if len(finding.details) > details:
        inside.append(f"- and {len(finding.details) - details} more")
    yield "  <details><summary>why</summary>"
    yield ""
    for text in inside:
        yield f"  {text}" if text.startswith("-") else f"  {text}\n"
    yield ""
    yield "  </details>"


def _quiet(outline: Outline, details: int, most: int) -> Iterator[str]:
    """What is harmless: a definition that changes, drift, and what is the only one of its stack; the rest folded."""
    for stack, findings in outline.quiet:
        seen = [one for one in findings if one.finding.rule in _SEEN]
        rest = [one for one in findings if one not in seen]
        alone = rest if len(rest) == 1 and rest[0].finding.rule in _TOLD_ALONE else []
        for one in (*seen, *alone):
            yield ""
            yield f"**{plain(stack)}** · {plain(one.finding.sentence)}"
            if one in seen:
                yield ""
                yield from (f"- {plain(text[:_LONGEST])}" for text in one.finding.details[: max(details, 5)])
        if rest and not alone:
            yield from _folded(stack, rest, most)


_TOLD_ALONE = ("created", "updated", "moved", "imported", "forgotten", "function-code-changed")
_SEEN = ("pipeline-definition-changed", "drift", "drift-gone")


def _folded(stack: str, findings: list[Judged], most: int) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{plain(stack)}: {len(findings)} harmless</summary>"
    yield ""
    yield from (f"- {plain(one.finding.sentence)}" for one in findings[:most])
    if len(findings) > most:
        yield f"- and {len(findings) - most} more"
    yield ""
    yield "</details>"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link, no mention of anybody."""
    line = " ".join(clean(text).split())
    shown = _SPECIAL.sub(_kept, html.escape(line, quote=False))
    shown = shown.replace("://", ":&#47;&#47;").replace("www.", "www&#46;").replace("$", "&#36;")
    # GitHub looks for mentions and issues in what the page shows: a space of no width keeps both from being one.
    return _ISSUE.sub(r"\1&#8203;", shown.replace("@", "&#64;&#8203;"))


def _kept(found: re.Match[str]) -> str:
    """Hyphens and brackets within a line mean nothing unless they make a link; those stay readable."""
    return found[1] if found[1] in "-()+!>{}#" else f"\\{found[1]}"
