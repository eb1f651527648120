"""A text with a bar beneath each of its characters: what goes on in a network while it reads."""

from __future__ import annotations

from rich.text import Text

from cli.lab.figures import Traces

LEVELS = "▁▂▃▄▅▆▇█"


def traces(figure: Traces, width: int) -> Text:
    """The figure in at most `width` columns: in as many lines as the text needs, each with its bars below it."""
    margin = max(len(name) for name, _ in figure.rows) + 1
    room = max(1, width - margin)
    shown, text = figure.text.replace("\n", "↵"), Text()
    for begin in range(0, len(shown), room):
        text.append(f"{'':{margin}}{shown[begin : begin + room]}\n")
        for name, values in figure.rows:
            text.append(f"{name:>{margin - 1}} ", style="quiet")
            text.append("".join(map(_level, values[begin : begin + room])) + "\n", style="bar")
        text.append("\n")
    text.rstrip()
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text


def _level(value: float) -> str:
    """The bar of a value; what lies outside 0 … 1 is drawn at the end it is beyond."""
    return LEVELS[min(max(int(value * len(LEVELS)), 0), len(LEVELS) - 1)]
