"""Boxes, lines of text and arrows, as SVG in the style of this project's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

FONT = "font-family='Helvetica,Arial,sans-serif'"
INK, LINE = "#1d2b3a", "#5b6b7b"
STEP = 20  # pixels from one line of text to the next


class Drawing:
    """A picture of some size; positions are in pixels from the upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._parts: list[str] = []

    def box(
        self, x: int, y: int, w: int, h: int, title: str, lines: Sequence[str], fill: str = "#ffffff", dash: str = ""
    ) -> None:
        """A rectangle with a title and lines below it; `dash` as in SVG's stroke-dasharray."""
        style = f"fill='{fill}' stroke='{LINE}'{_dashed(dash)}"
        self._parts.append(f"<rect x='{x}' y='{y}' width='{w}' height='{h}' rx='8' {style}/>")
        self.text(x + 14, y + 25, title, size=16, weight="bold")
        for at, line in enumerate(lines):
            self.text(x + 14, y + 25 + STEP * (at + 1), line)

    def text(self, x: int, y: int, text: str, size: int = 14, weight: str = "normal", color: str = INK) -> None:
        """One line of text that begins at x."""
        style = f"font-size='{size}' font-weight='{weight}' fill='{color}'"
        self._parts.append(f"<text x='{x}' y='{y}' {FONT} {style}>{escape(text)}</text>")

    def arrow(self, points: Sequence[tuple[int, int]], dash: str = "") -> None:
        """A line through the points, with a tip at its end."""
        path = " L".join(f"{x},{y}" for x, y in points)
        style = f"fill='none' stroke='{INK}' stroke-width='1.6' marker-end='url(#tip)'{_dashed(dash)}"
        self._parts.append(f"<path d='M{path}' {style}/>")

    def line(self, points: Sequence[tuple[int, int]], color: str, width: float = 1.2) -> None:
        """A line through the points, without a tip."""
        path = " L".join(f"{x},{y}" for x, y in points)
        self._parts.append(f"<path d='M{path}' fill='none' stroke='{color}' stroke-width='{width}'/>")

    def bar(self, x: int, y: int, w: int, h: int, fill: str) -> None:
        """A filled rectangle without a border."""
        self._parts.append(f"<rect x='{x}' y='{y}' width='{w}' height='{h}' fill='{fill}'/>")

    def svg(self) -> str:
        """The whole document."""
        w, h = self._size
        marker = (
            "<marker id='tip' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='8' markerHeight='8' orient='auto'>"
        )
        head = (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {w} {h}' width='{w}' height='{h}'>"
            f"<defs>{marker}<path d='M0,0 L10,5 L0,10 z' fill='{INK}'/></marker></defs>"
            f"<rect width='{w}' height='{h}' fill='#ffffff'/>"
        )
        return f"{head}\n" + "\n".join(self._parts) + "\n</svg>"


def _dashed(pattern: str) -> str:
    return f" stroke-dasharray='{pattern}'" if pattern else ""
