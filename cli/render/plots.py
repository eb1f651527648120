"""Curves in braille dots, with axes of our own around plotille's canvas."""

from __future__ import annotations

import math

from plotille import Canvas
from rich.text import Text

from cli.lab.figures import Curve, Plot

HEIGHT = 8
_STYLES = ("accent", "", "quiet")


def plot(figure: Plot, width: int, height: int = HEIGHT) -> Text:
    """The figure as text: values on the left, the curves, their names at their right ends, the x axis below."""
    curves = [_finite(c, figure.log) for c in figure.curves]
    low, high = _range([y for c in curves for y in c.y])
    left, right = min(c.x[0] for c in curves), max(c.x[-1] for c in curves)
    labels = [_value(v, figure.log) for v in (high, (high + low) / 2, low)]
    margin, names = max(map(len, labels)), max(len(c.name) for c in curves)
    columns = max(16, width - margin - names - 6)
    dots = [_draw(c, (left, right if right > left else left + 1), (low, high), columns, height) for c in curves]
    ends = _ends(dots, [c.name for c in curves], height)
    text = Text(f"{figure.title}\n\n", style="quiet")
    for row in range(height):
        tick = {0: labels[0], height // 2: labels[1], height - 1: labels[2]}.get(row, "")
        text.append(f"{tick:>{margin}} {'┤' if tick else '│'}", style="quiet")
        _append_row(text, [d[row] for d in dots], columns)
        name, style = ends.get(row, ("", ""))
        text.append(f" {name}\n", style=style)
    text.append(f"{'':>{margin}} └{'─' * columns} {figure.x_label}\n", style="quiet")
    first, last = f"{left:g}", f"{right:g}"
    text.append(f"{'':>{margin}}  {first}{last:>{columns - len(first)}}", style="quiet")
    return text


def _finite(c: Curve, log: bool) -> Curve:
    """The points that can be drawn; on a logarithmic axis, their decimal logarithms."""
    pairs = [
        (x, math.log10(y) if log else y)
        for x, y in zip(c.x, c.y, strict=True)
        if math.isfinite(y) and (y > 0 or not log)
    ]
    xs, ys = zip(*pairs, strict=True) if pairs else ((0.0,), (0.0,))
    return Curve(c.name, tuple(xs), tuple(ys))


def _range(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _value(v: float, log: bool) -> str:
    y = 10**v if log else v
    if y == 0 or 1e-2 <= abs(y) < 1e4:
        return f"{y:.3g}"
    return f"{y:.0e}".replace("e-0", "e-").replace("e+0", "e+")


def _draw(c: Curve, x: tuple[float, float], y: tuple[float, float], columns: int, height: int) -> list[str]:
    # A dot more on the right and above, as the canvas drops what is on that edge: two in a column, four in a row.
    dx, dy = (x[1] - x[0]) / (2 * columns - 1), (y[1] - y[0]) / (4 * height - 1)
    canvas = Canvas(columns, height, xmin=x[0], ymin=y[0], xmax=x[1] + dx, ymax=y[1] + dy)
    points = list(zip(c.x, c.y, strict=True))
    for a, b in zip(points, points[1:] or points, strict=False):
        canvas.line(*a, *b)
    lines = canvas.plot().splitlines()
    return [line.ljust(columns)[:columns] for line in lines]


def _append_row(text: Text, rows: list[str], columns: int) -> None:
    for i in range(columns):
        owner = next((k for k, row in enumerate(rows) if row[i] not in " ⠀"), None)
        # Dots of several curves in one cell are merged: braille patterns are bit sets.
        bits = 0
        for row in rows:
            bits |= ord(row[i]) - 0x2800 if row[i] not in " ⠀" else 0
        text.append(chr(0x2800 + bits) if bits else " ", style="" if owner is None else _STYLES[owner % len(_STYLES)])


def _ends(dots: list[list[str]], names: list[str], height: int) -> dict[int, tuple[str, str]]:
    """For each curve the row nearest to its right end that is not taken yet."""
    taken: dict[int, tuple[str, str]] = {}
    for k, (rows, name) in enumerate(zip(dots, names, strict=True)):
        last = max(range(height), key=lambda r: len(rows[r].rstrip(" ⠀")))
        free = min((r for r in range(height) if r not in taken), key=lambda r: abs(r - last))
        taken[free] = (name, _STYLES[k % len(_STYLES)])
    return taken
