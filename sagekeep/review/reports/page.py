"""The review as one HTML page that asks for nothing else: no font, no script, no style from elsewhere."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from sagekeep.review.gate import Judged
from sagekeep.review.gate_rules import Verdict
from sagekeep.review.model import Risk
from sagekeep.review.reports.clean import clean
from sagekeep.review.reports.outline import Outline, place

_TEMPLATE = Path(__file__).parents[1] / "data" / "page.html"
_WORDS = {Verdict.FAIL: "fails", Verdict.WARN: "warns", Verdict.ALLOW: "passes"}


def render(outline: Outline) -> str:
    """The page. Without scripts it shows everything; with them it filters."""
    found = outline.shown
    risks = [risk for risk in Risk if any(one.finding.risk == risk for one in found)]
    stacks = list(dict.fromkeys(one.finding.change.stack for one in found))
    groups = [(s, list(f)) for s, f in outline.groups]
    for stack, quiet in outline.quiet:
        _of(groups, stack).extend(quiet)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        verdict=_safe(outline.verdict),
        verdict_class=outline.verdict.split()[0],
        summary=_safe(outline.summary),
        warnings="".join(f"<li>{_safe(text)}</li>" for text in outline.warnings),
        risks="".join(_toggle(risk, sum(one.finding.risk == risk for one in found)) for risk in risks),
        stacks="".join(f'<option value="{_safe(stack)}">{_safe(stack)}</option>' for stack in stacks),
        findings="".join(_group(stack, findings) for stack, findings in groups),
        total=len(found),
    )


def _of(groups: list[tuple[str, list[Judged]]], stack: str) -> list[Judged]:
    """The group of a stack, appended where there is none yet."""
    if all(name != stack for name, _ in groups):
        groups.append((stack, []))
    return next(found for name, found in groups if name == stack)


def _toggle(risk: Risk, count: int) -> str:
    name = _class(risk)
    return (
        f'<label class="toggle {name}"><input type="checkbox" name="risk" value="{name}" checked>'
        f"<span>{risk.value}</span> <b>{count}</b></label>"
    )


def _class(risk: Risk) -> str:
    return risk.value.replace(" ", "-")


def _group(stack: str, findings: list[Judged]) -> str:
    items = "".join(_finding(one) for one in findings)
    return f'<section data-stack="{_safe(stack)}"><h2>{_safe(stack)}</h2><ol>{items}</ol></section>'


def _finding(one: Judged) -> str:
    finding = one.finding
    rows = [("Why", finding.reason), ("What to do", finding.remedy), ("Passes", one.why)]
    facts = "".join(f"<dt>{label}</dt><dd>{_safe(text)}</dd>" for label, text in rows if text)
    details = "".join(f"<li>{_safe(text)}</li>" for text in finding.details)
    details = f"<dt>In detail</dt><dd><ul>{details}</ul></dd>" if details else ""
    is_open = " open" if one.verdict == Verdict.FAIL else ""
    risk = _class(finding.risk)
    return (
        f'<li class="finding {risk}" data-risk="{risk}" data-verdict="{one.verdict.value}">'
        f"<details{is_open}><summary>"
        f'<span class="risk">{finding.risk.value}</span><span class="sentence">{_safe(finding.sentence)}</span>'
        f'<span class="verdict {one.verdict.value}">{_WORDS[one.verdict]}</span></summary>'
        f"<code>{_safe(place(one))}</code><dl>{facts}{details}</dl></details></li>"
    )


def _safe(text: str) -> str:
    return html.escape(clean(text))
