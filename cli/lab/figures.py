"""What an experiment shows and what it claims: frozen, and free of any notion of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from minigrad import GraphView
from rnn.formulas.worked import Worked

Relation = Literal["<=", ">="]
Kind = Literal["text", "number", "count", "error", "share"]
Column = tuple[str, Kind]


@dataclass(frozen=True)
class Claim:
    """A sentence that a measurement bears out or not."""

    sentence: str
    measured: float
    relation: Relation
    bound: float

    @property
    def holds(self) -> bool:
        """False for a measurement that is not a number."""
        return self.measured <= self.bound if self.relation == "<=" else self.measured >= self.bound


def at_most(sentence: str, measured: float, bound: float) -> Claim:
    """A claim that the measured value is no larger than the bound."""
    return Claim(sentence, float(measured), "<=", float(bound))


def at_least(sentence: str, measured: float, bound: float) -> Claim:
    """A claim that the measured value is no smaller than the bound."""
    return Claim(sentence, float(measured), ">=", float(bound))


@dataclass(frozen=True)
class Matrices:
    """Named arrays side by side, to be copied onto paper."""

    items: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Steps:
    """Equations worked with numbers, in the order in which a reader would work them."""

    worked: tuple[Worked, ...]


@dataclass(frozen=True)
class Witnesses:
    """One quantity according to several ways of computing it: (way, value, error against the first)."""

    quantity: str
    rows: tuple[tuple[str, Any, float | None], ...]


@dataclass(frozen=True)
class Table:
    """Rows under headings; a column is (heading, kind). None stands where there is no value."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Curve:
    """Points to be joined."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Plot:
    """Curves on common axes; with `log` the vertical one is logarithmic."""

    title: str
    curves: tuple[Curve, ...]
    x_label: str
    log: bool = False


@dataclass(frozen=True)
class Excerpt:
    """A piece of text as it is read."""

    text: str
    caption: str = ""


@dataclass(frozen=True)
class Lattice:
    """A graph in rows and columns: nodes by row from the top, arrows from left to right and from each row up.

    `across[r][k]` is what the arrow from column k to k + 1 of row r applies, `up[r][k]` what the arrow from row
    r + 1 up to row r applies in column k; None where there is no arrow. A node "" is not there.
    """

    nodes: tuple[tuple[str, ...], ...]
    across: tuple[tuple[str | None, ...], ...]
    up: tuple[tuple[str | None, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Strips:
    """Rows of numbers as shades, one for each step of time, darker where larger.

    `bounds`, at most five and ascending, are where the next shade begins; what is below the first is left blank.
    """

    rows: tuple[tuple[str, tuple[float, ...]], ...]
    bounds: tuple[float, ...]
    title: str
    x_label: str


@dataclass(frozen=True)
class Traces:
    """A text, and beneath each of its characters how large some quantities are there, from 0 to 1."""

    text: str
    rows: tuple[tuple[str, tuple[float, ...]], ...]
    caption: str = ""


@dataclass(frozen=True)
class Cloud:
    """Points (x, y) that are not joined: what two quantities have to do with each other."""

    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str


@dataclass(frozen=True)
class Pieces:
    """A text in pieces, in its order, at most `across` on a line: (piece, number of the minibatch that reads it).

    Minibatches are numbered from 1; 0 where none reads it.
    """

    pieces: tuple[tuple[str, int], ...]
    across: int
    caption: str = ""


@dataclass(frozen=True)
class Bars:
    """Names, each with a value as it is written and with the length of its bar, which is not below 0.

    Bars are drawn to one scale, from 0 on; a length that is not finite has none.
    """

    title: str
    rows: tuple[tuple[str, str, float], ...]
    caption: str = ""


@dataclass(frozen=True)
class Tree:
    """What a value was computed from: ops, leaves and their gradients."""

    view: GraphView
    caption: str = ""


Figure = (
    Matrices | Steps | Witnesses | Table | Plot | Excerpt | Lattice | Strips | Traces | Cloud | Pieces | Bars | Tree
)


@dataclass(frozen=True)
class Result:
    """What an experiment found."""

    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = field(default=())


def curve(name: str, x: Sequence[float], y: Sequence[float]) -> Curve:
    """A curve from any two sequences of one length."""
    return Curve(name, tuple(map(float, x)), tuple(map(float, y)))
