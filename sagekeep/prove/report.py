"""The proof as a reader sees it: what gets through, what does not, what nobody needs, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from sagekeep.prove.exfiltration import Denied
from sagekeep.prove.proof import Proof
from sagekeep.prove.reachability import Reached

Line = tuple[str, str, Text]


def show(screen: Console, proof: Proof) -> None:
    """Prints calls, attempts and what nobody needs as tables, and a summary; addresses are short in the tables."""
    _table(screen, ("call", "from", "through, or stopped by"), (_call(result) for result in proof.reached))
    _table(screen, ("attempt", "depth", "denied by"), (_attempt(result) for result in proof.denied))
    idle = [(item.of, "", Text(item.what, style="red")) for item in proof.idle]
    if idle:
        _table(screen, ("not needed", "", "why"), idle)
    for note in proof.notes:
        screen.print(Text.assemble(("note: ", "yellow"), note), soft_wrap=True)
    for finding in proof.findings():
        screen.print(Text.assemble(("finding: ", "red"), finding), soft_wrap=True)
    screen.print(summary(proof), soft_wrap=True)


def summary(proof: Proof) -> Text:
    """One line: how many calls get through, how many attempts are denied, what is wrong."""
    made = [call for call in proof.reached if not call.skipped]
    tried = [attempted for attempted in proof.denied if not attempted.skipped]
    through = sum(call.ok for call in made)
    stopped = sum(bool(attempted.depth) for attempted in tried)
    findings = len(list(proof.findings()))
    counts = f"{through} of {len(made)} calls get through, {stopped} of {len(tried)} attempts are denied, "
    return Text.assemble(counts, (f"{findings} finding{'s' * (findings != 1)}", "red" if findings else "green"))


def _table(screen: Console, head: tuple[str, str, str], lines: Iterable[Line]) -> None:
    """Columns as wide as their contents: an address is never broken, whatever the terminal's width."""
    rows = list(lines)
    first = max(len(head[0]), *(len(line[0]) for line in rows))
    second = max(len(head[1]), *(len(line[1]) for line in rows))
    screen.print(Text(f"{head[0]:<{first}}  {head[1]:<{second}}  {head[2]}", style="bold"), soft_wrap=True)
    for left, middle, right in rows:
        screen.print(Text.assemble(f"{left:<{first}}  {middle:<{second}}  ", right), soft_wrap=True)
    screen.print()


def _call(result: Reached) -> Line:
    row = result.row
    if result.skipped:
        told = Text(f"not here: {result.skipped}", style="dim")
    elif result.blocked:
        told = Text(_short(result.blocked), style="red")
    else:
        told = Text(", ".join([address.rpartition(".")[2] for address in result.endpoints] + _sids(result)))
    return row.id, row.place, told


def _sids(result: Reached) -> list[str]:
    return list(dict.fromkeys(sid for _, sid in result.statements if sid != "Granted"))


def _attempt(result: Denied) -> Line:
    if result.skipped:
        return result.row.id, "-", Text(f"not here: {result.skipped}", style="dim")
    told = Text(_short(result.fault), style="red") if result.fault else Text(", ".join(_barriers(result)))
    return result.row.id, str(result.depth), told


def _barriers(result: Denied) -> Iterator[str]:
    """Those that the row expects, or the first; the others are counted."""
    found = [barrier.text for barrier in result.barriers]
    told = [text for text in found if text in result.expected] or found[:1]
    yield from (_short(text) for text in told)
    if len(found) > len(told):
        yield f"{len(found) - len(told)} more"


def _short(text: str) -> str:
    return text.replace("data.aws_iam_policy_document.", "").replace("aws_iam_role.", "")
