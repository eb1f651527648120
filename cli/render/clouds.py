"""Points in braille dots, with axes of our own around plotille's canvas."""

from __future__ import annotations

import math

from plotille import Canvas
from rich.text import Text

from cli.lab.figures import Cloud

HEIGHT = 12
_WIDEST = 60  # columns beyond which a cloud is no clearer


def cloud(figure: Cloud, width: int, height: int = HEIGHT) -> Text:
    """The figure in at most `width` columns: values on the left, the points, the x axis below."""
    low, high = min(figure.y), max(figure.y)
    left, right = min(figure.x), max(figure.x)
    ticks = {0: _value(high, high - low), height // 2: _value((high + low) / 2, high - low)}
    ticks[height - 1] = _value(low, high - low)
    margin = max(map(len, ticks.values()))
    columns = max(16, min(_WIDEST, width - margin - 2 - len(figure.x_label) - 1))
    text = Text(f"{figure.title}\n\n", style="quiet")
    for row, line in enumerate(_drawn(figure, (left, right), (low, high), columns, height)):
        tick = ticks.get(row, "")
        text.append(f"{tick:>{margin}} {'┤' if tick else '│'}", style="quiet")
        text.append(f"{line}\n", style="bar")
    text.append(f"{'':>{margin}} └{'─' * columns} {figure.x_label}\n", style="quiet")
    first, last = _value(left, right - left), _value(right, right - left)
    return text.append(f"{'':>{margin}}  {first}{last:>{columns - len(first)}}", style="quiet")


def _value(value: float, span: float) -> str:
    """To a hundredth of the span of the axis, with a true minus sign."""
    places = max(0, 2 - math.ceil(math.log10(span))) if span > 0 else 2
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def _drawn(figure: Cloud, x: tuple[float, float], y: tuple[float, float], columns: int, height: int) -> list[str]:
    # A dot more on the right and above: there are two in a column and four in a row, and the last is at the end.
    right, above = (x[1] - x[0] or 1.0) / (2 * columns - 1), (y[1] - y[0] or 1.0) / (4 * height - 1)
    canvas = Canvas(columns, height, xmin=x[0], ymin=y[0], xmax=x[1] + right, ymax=y[1] + above)
    for point in zip(figure.x, figure.y, strict=True):
        canvas.point(*point)
    return [line[:columns].replace("⠀", " ").rstrip() for line in canvas.plot().splitlines()]
