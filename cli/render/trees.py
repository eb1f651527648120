"""Graphs as trees of ops and leaves."""

from __future__ import annotations

from rich.text import Text

from cli.lab.figures import Tree

_STYLES = {"∇": "accent", "op": "", "leaf": "", "value": ""}  # gradients are what is asked for; the rest can be skipped


def tree(figure: Tree, width: int) -> Text:
    """The figure in at most `width` columns."""
    lines = []
    for row in figure.view.spans(width):
        line = Text()
        for span in row:
            line.append(span.text, style=_STYLES.get(span.role, "quiet"))
        line.rstrip()
        lines.append(line)
    text = Text("\n").join(lines)
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text
