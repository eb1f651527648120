"""What every whole-sequence kernel does between its cell's formulas: previous states, inputs' products, collecting.

Letters: T steps, B rows of the batch, of which a kernel runs m side by side; H hidden units, I inputs, G blocks of H
in what a step's input part has. Arrays are flat, each with the place of a first number. A kernel runs in one
direction; `t` is a time, steps are counted as they are run.
"""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import PANEL_BYTES, ROWS, UINT, multiply


@kernel
def time_of(step: int, steps: int, reverse: bool) -> int:
    """The time that a step runs at."""
    return steps - 1 - step if reverse else step


@kernel
def has_before(t: int, length: int, reverse: bool) -> bool:
    """Whether an active step at t follows another of its row, and not the first state."""
    return t + 1 < length if reverse else t > 0


@kernel
def load_state(state: Array, at: int, into: Array, size: int) -> None:
    """Copy `size` numbers of a state (its rows lie one after the other) to the front of a buffer."""
    at = UINT(at)
    for j in range(UINT(size)):
        into[j] = state[at + j]


@kernel
def silence(array: Array, at: int, size: int) -> None:
    """Zeros."""
    at = UINT(at)
    for j in range(UINT(size)):
        array[at + j] = 0


@kernel
def input_products(
    x: Array, width: int, w_x: Array, kept: Array, slots: int, row: int, column: int, outputs: int,
    begin: int, end: int, steps: int, batch: int, first: int, m: int, reverse: bool,
) -> None:  # fmt: skip
    """W_ih x⁽ᵗ⁾ for steps begin … end of m rows, each from `column` on of its place in `kept` (slots, B, row)."""
    for s in range(begin, end):
        t = time_of(s, steps, reverse)
        source, place = (t * batch + first) * width, ((t % slots) * batch + first) * row + column
        multiply(x, source, width, width, 1, w_x, 0, width, kept, place, row, m, outputs, width, False)


@kernel
def recurrent_products(
    h: Array, panels: Array, p_at: int, kept: Array, at: int, row: int, m: int, outputs: int, n: int, add: bool,
    moving: bool,
) -> None:  # fmt: skip
    """W_hh h⁽ᵗ⁻¹⁾ of m rows, put where a step receives it or added to what is there; nothing if h is still zero."""
    if moving:
        multiply(h, 0, n, n, 1, panels, p_at, n, kept, at, row, m, outputs, n, add)
    elif not add:
        for r in range(m):
            silence(kept, at + r * row, outputs)


@kernel
def pack_row(source: Array, at: int, n: int, panels: Array, depth: int, k: int) -> None:
    """Row k of panels (depth, N) from N numbers in a row."""
    width = PANEL_BYTES // source.itemsize
    for j in range(0, n, width):
        count, place, here = min(width, n - j), UINT(j * depth + k * width), UINT(at + j)
        if count == width:
            for q in range(UINT(width)):
                panels[place + q] = source[here + q]
        else:
            for q in range(UINT(count)):
                panels[place + q] = source[here + q]
            for q in range(UINT(count), UINT(width)):
                panels[place + q] = 0


@kernel(noalias=True)
def add_to(total: Array, at: int, part: Array, part_at: int, size: int) -> None:
    """total += part."""
    at, part_at = UINT(at), UINT(part_at)
    for j in range(UINT(size)):
        total[at + j] += part[part_at + j]


@kernel
def weight_products(
    tiles: Array, t_at: int, panels: Array, depth: int, into: Array, at: int, m: int, n: int, k: int, fresh: bool
) -> None:
    """Σ over k collected steps and rows of (what a block receives) (what it was multiplied with)ᵀ: (M, N)."""
    multiply(tiles, t_at, 1, depth, ROWS, panels, 0, depth, into, at, n, m, n, k, not fresh)
