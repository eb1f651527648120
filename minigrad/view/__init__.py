"""Pictures of graphs: trees for a terminal, DOT for Graphviz, SVG for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from minigrad.view import text
from minigrad.view.dot import dot
from minigrad.view.folding import folds, unfolded
from minigrad.view.parts import Link, Part, parts_of
from minigrad.view.reading import read
from minigrad.view.record import named
from minigrad.view.svg import svg
from minigrad.view.text import Span
from minigrad.view.tree import Line, tree

__all__ = ["GraphView", "Line", "Link", "Part", "Span", "graph_of"]


@dataclass(frozen=True)
class GraphView:
    """A graph as it was when it was looked at. It keeps nothing of the graph alive.

    `str` and `text` draw a tree of ops and leaves, the output on top. Each stands on one line; where it is read
    again a line with ↑ or ↓ refers to that one. ×n after an op means that n of them were applied, copy after copy, and
    that the last is shown; what it reads from the copy before is a line with ↑, and below that stands what the first
    copies read instead. ×n after a leaf means n of them, and ‖·‖ is the length of several numbers. In a notebook the
    drawing is shown.
    """

    parts: tuple[Part, ...]
    output: Link

    @property
    def ops(self) -> int:
        """How many ops were applied."""
        return sum(part.times for part in self.parts if not part.leaf)

    @property
    def leaves(self) -> int:
        """How many values they began with, constants among them."""
        return sum(part.times for part in self.parts if part.leaf)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The tree, line by line."""
        return tree(self.parts, self.output)

    def text(self, width: int = 80) -> str:
        """The tree in at most `width` columns; ShapeError below 20."""
        return text.text(self.lines, width)

    def spans(self, width: int = 80) -> list[tuple[Span, ...]]:
        """The same in pieces that say what they are, for those who draw in colour."""
        return text.spans(self.lines, width)

    def dot(self) -> str:
        """The graph for Graphviz: `dot -Tpdf`."""
        return dot(self.parts)

    def svg(self) -> str:
        """The graph as a drawing, to be written to a file or put on a page."""
        return svg(self.parts, self.output)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __str__(self) -> str:
        return self.text()


def graph_of(
    output: Any, names: Mapping[str, Any] | None = None, *, gradients: bool = False, fold: bool = True
) -> GraphView:
    """What `output`, a Value or a Tensor, was computed from: `print(graph_of(loss, vars()))`.

    `names` says what things are called: `{"W": W}`, `vars()`, `dict(model.named_parameters())`; what is in lists and
    modules is named too. The gradients are those that there are: of Values after a backward pass, of tensors that are
    leaves. With `gradients` they are ∂output/∂ of everything, from a pass made for this picture, which frees nothing
    and leaves every `grad` alone (hooks run as ever); the output must be a number and its graph not freed, or there
    is a GradError. Where a graph repeats itself it is folded, unless `fold` is off; it is walked with lists, so depth
    is no matter.

    GradError for what has no graph. A graph that was freed by a backward pass ends where it was freed, and says so.
    """
    record = read(output, named(names or {}), gradients)
    return GraphView(*parts_of(record, folds(record) if fold else unfolded(record)))
