"""The proof as a reader sees it: what gets through, what does not, what nobody needs, and what is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from sagekeep.prove.exfiltration import Denied
from sagekeep.prove.proof import Proof
from sagekeep.prove.reachability import Reached

_LEAST_ROOM = 76  # columns, for the longest address; with less beside it, what is told of a row goes below it
_INDENT = 4


@dataclass(frozen=True)
class Line:
    """A row of a table; `told` is a list, whose items are not broken where a line of the terminal has room for them."""

    left: str
    middle: str
    told: Sequence[str]
    style: str = ""


def show(screen: Console, proof: Proof) -> None:
    """Prints calls, attempts and what nobody needs as tables, and a summary; addresses are short in the tables.

    On a terminal everything fits its width; in a pipe or a file every row is a line.
    """
    _table(screen, ("call", "from", "through, or stopped by"), (_call(result) for result in proof.reached))
    _table(screen, ("attempt", "depth", "denied by"), (_attempt(result) for result in proof.denied))
    idle = [Line(item.of, "", (item.what,), "red") for item in proof.idle if not item.ok]
    if idle:
        _table(screen, ("not needed", "", "why"), idle)
    unproved = [Line(row.id, "", (f"{row.why} ({', '.join(row.keys)})",), "yellow") for row in proof.unproved()]
    if unproved:
        _table(screen, ("not proved: brought", "", "why"), unproved)
    for note in proof.notes:
        _sentence(screen, "note: ", "yellow", note)
    for finding in proof.findings():
        _sentence(screen, "finding: ", "red", finding)
    screen.print(summary(proof), soft_wrap=True)


def summary(proof: Proof) -> Text:
    """One line: how many calls get through, how many attempts are denied, what others decide, and what is wrong."""
    made = [call for call in proof.reached if not call.skipped]
    tried = [attempted for attempted in proof.denied if not attempted.skipped]
    through = sum(not call.blocked and not call.brought for call in made)
    stopped = sum(bool(attempted.depth) and not attempted.brought for attempted in tried)
    findings, unproved = len(list(proof.findings())), len(list(proof.unproved()))
    counts = f"{through} of {len(made)} calls get through, {stopped} of {len(tried)} attempts are denied, "
    counts += f"{unproved} not proved because of what is brought, " if unproved else ""
    return Text.assemble(counts, (f"{findings} finding{'s' * (findings != 1)}", "red" if findings else "green"))


def _table(screen: Console, head: tuple[str, str, str], lines: Iterable[Line]) -> None:
    rows = list(lines)
    first = max(len(head[0]), *(len(line.left) for line in rows))
    second = max(len(head[1]), *(len(line.middle) for line in rows))
    before = first + second + 4
    below = screen.is_terminal and screen.width - before < _LEAST_ROOM
    indent = _INDENT if below else before
    first = min(first, screen.width - second - 2) if below else first
    for line in (Line(head[0], head[1], (head[2],), "bold"), *rows):
        left = Text(f"{line.left:<{first}}  {line.middle:<{second}}", "bold" if line.style == "bold" else "")
        told = list(_packed(line.told, screen.width - indent if screen.is_terminal else 0))
        if not below:
            left.append("  ").append(told.pop(0) if told else "", line.style)
        left.rstrip()
        for text in told:
            left.append(f"\n{' ' * indent}").append(text, line.style)
        screen.print(left, soft_wrap=True)
    screen.print()


def _packed(items: Sequence[str], width: int) -> Iterator[str]:
    """Lines of a list, as many items in each as have room; an item that has none in a line is broken between words.

    Without a width it is one line.
    """
    text = ""
    for item in (*(f"{item}," for item in items[:-1]), *items[-1:]):
        if text and width and len(text) + 1 + len(item) > width:
            yield from _broken(text, width)
            text = item
        else:
            text = f"{text} {item}".lstrip()
    yield from _broken(text, width) if width else [text]


def _broken(text: str, width: int) -> list[str]:
    """Never within a word: an address can be copied."""
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)


def _sentence(screen: Console, label: str, style: str, text: str) -> None:
    lines = _broken(f"{label}{text}", screen.width - 2) if screen.is_terminal else [f"{label}{text}"]
    whole = "\n  ".join(lines)
    screen.print(Text.assemble((label, style), whole.removeprefix(label)), soft_wrap=True)


def _call(result: Reached) -> Line:
    row = result.row
    if result.skipped:
        return Line(row.id, row.place, (f"not here: {result.skipped}",), "dim")
    if result.brought:
        return Line(row.id, row.place, (_brought(result.brought),), "yellow")
    if result.blocked:
        return Line(row.id, row.place, (_short(result.blocked),), "red")
    return Line(row.id, row.place, [address.rpartition(".")[2] for address in result.endpoints] + _sids(result))


def _sids(result: Reached) -> list[str]:
    return list(dict.fromkeys(sid for _, sid in result.statements if sid != "Granted"))


def _attempt(result: Denied) -> Line:
    if result.skipped:
        return Line(result.row.id, "-", (f"not here: {result.skipped}",), "dim")
    if result.fault:
        return Line(result.row.id, str(result.depth), (_short(result.fault),), "red")
    if result.brought:
        return Line(result.row.id, "-", (_brought(result.brought),), "yellow")
    return Line(result.row.id, str(result.depth), tuple(_barriers(result)))


def _brought(keys: Sequence[str]) -> str:
    return f"brought: {', '.join(keys)}"


def _barriers(result: Denied) -> Iterator[str]:
    """Those that the row expects, or the first; the others are counted."""
    found = [barrier.text for barrier in result.barriers]
    told = [text for text in found if text in result.expected] or found[:1]
    yield from (_short(text) for text in told)
    if len(found) > len(told):
        yield f"{len(found) - len(told)} more"


def _short(text: str) -> str:
    return text.replace("data.aws_iam_policy_document.", "").replace("aws_iam_role.", "")
