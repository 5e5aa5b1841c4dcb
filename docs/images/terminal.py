"""Runs a command in a pseudo-terminal and draws what it leaves on the screen: docs/images/demo.svg is `sagekeep demo`.

    .venv/bin/python docs/images/terminal.py docs/images/demo.svg .venv/bin/sagekeep demo

The picture is what the command printed, last lines and colours included; the exit code is the command's.
"""

from __future__ import annotations

import argparse
import fcntl
import itertools
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 110, 60
TALLEST = 400  # lines that the picture may have: nothing scrolls away


def record(command: list[str]) -> tuple[int, pyte.Screen]:
    """The command's exit code, and the screen as it left it; the output is shown meanwhile."""
    screen = pyte.Screen(COLUMNS, TALLEST)
    stream = pyte.ByteStream(screen)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as running:
        os.close(slave)
        while chunk := _read(master):
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
            stream.feed(chunk)
        code = running.wait()
    os.close(master)
    return code, screen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last writer has gone
        return b""


def text_of(screen: pyte.Screen) -> Text:
    """The screen's lines with their styles, without the empty ones at its end."""
    lines = []
    for row in range(TALLEST):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        runs = itertools.groupby(cells, key=_style)
        line = Text.assemble(*(("".join(cell.data for cell in run), style) for style, run in runs))
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return Text("\n").join(lines)


def _style(cell: pyte.screens.Char) -> Style:
    colour = None if cell.fg == "default" else cell.fg
    if colour and len(colour) == 6 and all(digit in "0123456789abcdef" for digit in colour):
        colour = f"#{colour}"
    names = {"brown": "yellow", "brightbrown": "bright_yellow"}
    colour = names.get(colour or "", colour)
    if colour and colour.startswith("bright") and "_" not in colour:
        colour = colour.replace("bright", "bright_")
    return Style(color=colour, bold=cell.bold, italic=cell.italics, underline=cell.underscore)


def _without_web_fonts() -> str:
    """Rich's frame, less the fonts that it would fetch: a picture asks nobody for anything."""
    frame = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return frame.replace("Fira Code", "Menlo, Consolas, DejaVu Sans Mono")


def main() -> int:
    """Writes the picture once the command has ended well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    code, screen = record(options.command)
    if code == 0:
        console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
        console.print(text_of(screen), soft_wrap=True)
        shown = " ".join([Path(options.command[0]).name, *options.command[1:]])
        options.picture.write_text(console.export_svg(title=shown, code_format=_without_web_fonts()))
    return code


if __name__ == "__main__":
    sys.exit(main())
