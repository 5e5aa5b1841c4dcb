"""The review in a terminal. Colour only there; in a pipe every item is a line."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text

from sagekeep.review.gate import Judged
from sagekeep.review.gate_rules import Verdict
from sagekeep.review.model import Risk
from sagekeep.review.reports.clean import clean
from sagekeep.review.reports.outline import Outline, place

_STYLES = {
    Risk.DATA_LOSS: "bold red",
    Risk.OUTAGE: "red",
    Risk.WIDER: "magenta",
    Risk.WEAKER: "yellow",
    Risk.REPLACEMENT: "yellow",
    Risk.COST: "cyan",
    Risk.NARROWER: "blue",
    Risk.HARMLESS: "green",
}
_MARKS = {Verdict.FAIL: ("✗", "red"), Verdict.WARN: ("!", "yellow"), Verdict.ALLOW: ("·", "dim")}
_VERDICTS = {"fails": "bold red", "passes with warnings": "yellow", "passes": "green", "nothing changes": "green"}
_MOST = 8  # details or harmless findings, unless all are asked for
_READABLE = 100  # findings of a stack, likewise: the worst come first, and nobody scrolls through thousands
_INDENT = 6


def show(screen: Console, outline: Outline, *, everything: bool = False) -> None:
    """Prints warnings, findings by stack, what is harmless in short, and the verdict at the end."""
    for text in outline.warnings:
        _line(screen, Text.assemble(("! ", "yellow"), clean(text)), 2)
    for stack, findings in outline.groups:
        screen.print(Text(clean(stack), "bold underline"))
        told = findings if everything else findings[:_READABLE]
        for one in told:
            _finding(screen, one, everything=everything)
        if len(findings) > len(told):
            more = f"  and {len(findings) - len(told)} more, none of them worse: --all, --html or --json has them"
            screen.print(Text(more, "dim"), soft_wrap=True)
        screen.print()
    for stack, findings in outline.quiet:
        _quiet(screen, stack, findings, everything=everything)
    if outline.quiet:
        screen.print()
    said = Text.assemble((outline.verdict, _VERDICTS[outline.verdict]), f"  {clean(outline.summary)}")
    screen.print(said, soft_wrap=True)


def _finding(screen: Console, one: Judged, *, everything: bool) -> None:
    finding = one.finding
    mark, style = _MARKS[one.verdict]
    title = Text.assemble(
        (f"  {mark} ", style), (finding.risk.value, _STYLES[finding.risk]), f"  {clean(finding.sentence)}"
    )
    _line(screen, Text.assemble(title), 4)
    screen.print(Text(f"{' ' * _INDENT}{clean(place(one))}", "dim"), soft_wrap=True)
    for label, text in (("why", finding.reason), ("do", finding.remedy), ("passes", one.why)):
        if text:
            _line(screen, Text.assemble((f"{' ' * _INDENT}{label}  ", "bold"), clean(text)), _INDENT + len(label) + 2)
    _details(screen, one, everything=everything)


def _details(screen: Console, one: Judged, *, everything: bool) -> None:
    details = one.finding.details
    told = details if everything else details[:_MOST]
    for text in told:
        _line(screen, Text(f"{' ' * _INDENT}- {clean(text)}"), _INDENT + 2)
    if len(details) > len(told):
        screen.print(Text(f"{' ' * _INDENT}- and {len(details) - len(told)} more: --all", "dim"))


def _quiet(screen: Console, stack: str, findings: tuple[Judged, ...], *, everything: bool) -> None:
    """Harmless findings, one line each; those that say what was compared keep their details."""
    screen.print(Text.assemble((f"{clean(stack)}: harmless", "green"), f"  {len(findings)}"))
    ordered = sorted(findings, key=lambda one: (one.finding.severity.rank, not one.finding.details))
    told = ordered if everything else ordered[:_MOST]
    for one in told:
        _line(screen, Text(f"  · {clean(one.finding.sentence)}"), 4)
        if everything or one.finding.rule in _WORTH_DETAILS:
            _details(screen, one, everything=everything)
    if len(findings) > len(told):
        screen.print(Text(f"  · and {len(findings) - len(told)} more: --all", "dim"))


_WORTH_DETAILS = ("pipeline-definition-changed", "drift", "function-code-changed")


def _line(screen: Console, text: Text, indent: int) -> None:
    """Broken between words on a terminal, never within one."""
    if not screen.is_terminal or len(text) <= screen.width:
        screen.print(text, soft_wrap=True)
        return
    lines = textwrap.wrap(
        text.plain,
        screen.width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    first = text[: len(lines[0])]
    screen.print(first, soft_wrap=True)
    for line in lines[1:]:
        screen.print(Text(line), soft_wrap=True)
