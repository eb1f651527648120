"""Bars made of eighths of a character."""

from __future__ import annotations

import math

from rich.text import Text

from cli.lab.figures import Bars

LONGEST = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> Text:
    """A bar over `share` (0 … 1, cut off there) of `width` columns.

    Whatever is above 0 can be seen; what is not finite has no bar.
    """
    if not math.isfinite(share) or share <= 0:
        return Text()
    full, eighths = divmod(max(1, round(min(share, 1) * width * 8)), 8)
    return Text("█" * full + _EIGHTHS[eighths].strip(), style="bar")


def bars(figure: Bars, width: int) -> Text:
    """The figure in at most `width` columns: names, values below each other, and the bars, the longest at the edge."""
    names, values = max(len(name) for name, _, _ in figure.rows), max(len(value) for _, value, _ in figure.rows)
    room = max(8, min(LONGEST, width - names - values - 4))
    longest = max((length for _, _, length in figure.rows if math.isfinite(length)), default=0.0) or 1.0
    text = Text(f"{figure.title}\n\n", style="quiet")
    for name, value, length in figure.rows:
        text.append(f"{name:<{names}}  {value:>{values}}  ").append_text(bar(length / longest, room)).append("\n")
    text.rstrip()
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text
