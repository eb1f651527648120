"""Rows of numbers as shades of a character cell, with a legend that says which shade means what."""

from __future__ import annotations

from bisect import bisect_right

from rich.text import Text

from cli.lab.figures import Strips
from cli.render import numbers

SHADES = " ·░▒▓█"


def strips(figure: Strips, width: int) -> Text:
    """The figure in at most `width` columns; where there are more steps than columns, some are left out."""
    margin = max(len(name) for name, _ in figure.rows) + 1
    steps = len(figure.rows[0][1])
    shown = _columns(steps, width - margin - 1)
    text = Text(f"{figure.title}\n\n", style="quiet")
    for name, values in figure.rows:
        cells = "".join(_shade(values[k], figure.bounds) for k in shown)
        text.append(f"{name:>{margin - 1}} {cells.rstrip()}\n")
    first, last = "0", str(steps - 1)
    axis = f"{figure.x_label:>{margin - 1}} {first}{last:>{len(shown) - len(first)}}"
    return text.append(f"{axis}\n\n{_legend(figure.bounds)}", style="quiet")


def _columns(steps: int, room: int) -> list[int]:
    """The step that each column shows: every step as often as there is room for, or evenly spread ones once."""
    if steps <= room:
        times = room // steps
        return [k for k in range(steps) for _ in range(min(times, 2))]
    return [round(i * (steps - 1) / (room - 1)) for i in range(room)]


def _shade(value: float, bounds: tuple[float, ...]) -> str:
    return SHADES[bisect_right(bounds, value)]


def _legend(bounds: tuple[float, ...]) -> str:
    return "  ".join(f"{SHADES[k]} {numbers.measured(b)}" for k, b in enumerate(bounds, 1)) + " and more"
