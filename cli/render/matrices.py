"""Matrices and columns as blocks of lines, and blocks in a row that wraps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

Block = list[str]
Array = np.ndarray[Any, np.dtype[Any]]


def decimals(values: Any) -> int:
    """How many decimals show these numbers: none for whole ones, two where two are exact, else three."""
    array = np.asarray(values, dtype=float)
    for places in (0, 2):
        if np.allclose(array, np.round(array, places), atol=1e-9):
            return places
    return 3


def number(value: float, places: int) -> str:
    """A number with a true minus sign and no negative zero; an exact zero is a bare 0."""
    if value == 0:
        return "0"
    text = f"{value:.{places}f}"
    return (text[1:] if float(text) == 0 and text[0] == "-" else text).replace("-", "−")


def block(value: Any) -> Block:
    """An array (rows, columns) in brackets; a plain number as one line, in parentheses if negative."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        text = number(float(array), decimals(array))
        return [f"({text})" if text.startswith("−") else text]
    places = decimals(array)
    cells = [[number(x, places) for x in row] for row in np.atleast_2d(array)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
    return [f"{left} {row} {right}" for row, (left, right) in zip(rows, _brackets(len(rows)), strict=True)]


def _brackets(rows: int) -> list[tuple[str, str]]:
    if rows == 1:
        return [("[", "]")]
    return [("⎡", "⎤"), *[("⎢", "⎥")] * (rows - 2), ("⎣", "⎦")]


def joined(blocks: Iterable[Block]) -> Block:
    """Blocks side by side, centred on their middle lines, a space between."""
    blocks = list(blocks)
    height = max(len(b) for b in blocks)
    padded = [_centred(b, height) for b in blocks]
    return [" ".join(parts).rstrip() for parts in zip(*padded, strict=True)]


def _centred(b: Block, height: int) -> Block:
    width, above = max(map(len, b)), (height - len(b)) // 2
    lines = [line.ljust(width) for line in b]
    return [" " * width] * above + lines + [" " * width] * (height - len(b) - above)


def flowed(groups: list[list[Block]], width: int) -> Block:
    """Groups of blocks in lines as wide as fits; a group stays together unless it alone is too wide."""
    lines: Block = []
    row: list[Block] = []
    for group in groups:
        for piece in [group] if _width(group) <= width else [[b] for b in group]:
            if row and _width(row + piece) > width:
                lines += joined(row)
                row = []
            row = row + piece
    return lines + (joined(row) if row else [])


def _width(blocks: list[Block]) -> int:
    return sum(max(map(len, b)) for b in blocks) + len(blocks) - 1
