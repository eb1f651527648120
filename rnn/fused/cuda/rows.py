"""What every whole-sequence kernel does around its cell's formulas: times, lengths, what a step receives, states.

Letters as in `block`; T steps, B rows of the batch. Arrays are flat, (T, B, ·) row by row; of a (slots, B, ·) array
step t has place t mod slots. A kernel runs in one direction; `t` is a time, steps are counted as they are run.
"""

from __future__ import annotations

from typing import Any

from numba import cuda

from minigrad.cuda.launching import device_function
from rnn.fused.cuda.block import NAN, ROWS, UINT, ZERO, load, multiply

REVERSE, FORM, RESIDENT, ALONE, LOOK_UP, UNEVEN, BIAS_I, BIAS_H = (1 << k for k in range(8))
"""What a kernel is told in one number.

It runs backwards in time; the cell is in its second form; the part's weights lie in shared memory; the parts of a
group do not wait for each other, since each stage is a launch; x are columns of W_ih, by ids; rows have lengths of
their own; there is b_ih; there is b_hh.
"""
NOWHERE = 1 << 40  # instead of an id below zero: beyond every vocabulary


@device_function
def fetch(
    w: Any, shared: Any, at: int, spare: Any, spare_at: int, own: int, u0: int, n: int, first: int, columns: int,
    quads: int, depth: int, by_column: int, by_depth: int, flags: int,
) -> None:  # fmt: skip
    """The part's columns into shared memory, or beside the weights where they do not fit there; see `load`."""
    if flags & RESIDENT:
        load(w, shared, at, own, u0, n, first, columns, quads, depth, by_column, by_depth)
    else:
        load(w, spare, spare_at + at, own, u0, n, first, columns, quads, depth, by_column, by_depth)


@device_function
def product(
    v: Any, places: Any, depth: int, skip: int, shared: Any, at: int, spare: Any, spare_at: int, plane: int,
    quads: int, columns: int, space: Any, sums: Any, flags: int,
) -> None:  # fmt: skip
    """`multiply` with the columns from where `fetch` put them."""
    slices = cuda.blockDim.x // quads
    if flags & RESIDENT:
        multiply(v, places, depth, skip, shared, at, plane, quads, slices, columns, space, sums)
    else:
        multiply(v, places, depth, skip, spare, spare_at + at, plane, quads, slices, columns, space, sums)


@device_function
def time_of(step: int, steps: int, flags: int) -> int:
    """The time that a step runs at."""
    return steps - 1 - step if flags & REVERSE else step


@device_function
def look(
    t: int, place: int, r0: int, last: int, batch: int, steps: int, depth: int, width: int, ids: Any, lengths: Any,
    flags: int, places: Any, inputs: Any,
) -> None:  # fmt: skip
    """For the ROWS rows from r0: where their (depth) numbers of time `place` lie, and their input at t, −1 for none."""
    r = cuda.threadIdx.x
    if r < ROWS:
        row = min(r0 + r, last - 1)
        places[r] = (place * batch + row) * depth
        inputs[r] = -1
        if r0 + r < last and t < (lengths[row] if flags & UNEVEN else steps):
            inputs[r] = (t * batch + row) * width
            if flags & LOOK_UP:
                found = ids[t * batch + row]
                inputs[r] = found if found >= 0 else NOWHERE
    cuda.syncthreads()


@device_function
def part_of(x: Any, at: int, column: int, stride: int, flags: int) -> Any:
    """The input's part of a column; of an id that there is not, not a number."""
    return NAN if flags & LOOK_UP and at >= stride else x[UINT(at + column * stride)]


@device_function
def receive(
    x: Any, inputs: Any, b_ih: Any, b_hh: Any, sums: Any, first: int, columns: int, own: int, u0: int, n: int,
    stride: int, flags: int,
) -> None:  # fmt: skip
    """What each column, of gates from row `first` on, receives besides its product: the input's part and the biases."""
    for o in range(cuda.threadIdx.x, columns * ROWS, cuda.blockDim.x):
        c, at = o // ROWS, inputs[o % ROWS]
        g = (c >= own) + (c >= 2 * own) + (c >= 3 * own)
        unit = u0 + c - g * own
        value = ZERO
        if at >= 0 and unit < n:
            column = first + g * n + unit
            value = part_of(x, at, column, stride, flags)
            if flags & BIAS_I:
                value += b_ih[UINT(column)]
            if flags & BIAS_H:
                value += b_hh[UINT(column)]
        sums[UINT(o)] = value


@device_function
def clear(sums: Any, size: int) -> None:
    """Zeros, each thread's part of them."""
    for o in range(cuda.threadIdx.x, size, cuda.blockDim.x):
        sums[UINT(o)] = ZERO


@device_function
def begin_rows(
    start: Any, into: Any, room: int, at: int, final: Any, final_at: int, lengths: Any, first: int, last: int,
    steps: int, batch: int, own: int, u0: int, n: int, slots: int, flags: int,
) -> None:  # fmt: skip
    """Put the first state where the first step of each row looks for it; of a row without steps it is the last one."""
    for r0 in range(first, last, ROWS):
        for item in range(cuda.threadIdx.x, ROWS * own, cuda.blockDim.x):
            row, unit = r0 + item % ROWS, u0 + item // ROWS
            if row < last and unit < n:
                length = lengths[row] if flags & UNEVEN else steps
                value = start[UINT(row * n + unit)]
                if length > 0:
                    t = length - 1 if flags & REVERSE else 0
                    into[UINT((t % slots * batch + row) * room + at + unit)] = value
                else:
                    final[UINT(final_at + row * n + unit)] = value


@device_function
def pass_on(
    value: Any, into: Any, room: int, at: int, final: Any, final_at: int, lengths: Any, t: int, row: int, unit: int,
    steps: int, batch: int, n: int, slots: int, flags: int,
) -> None:  # fmt: skip
    """Put a state where the row's next step looks for it, or where the last one belongs."""
    if flags & REVERSE:
        after, more = t - 1, t > 0
    else:
        after, more = t + 1, t + 1 < (lengths[row] if flags & UNEVEN else steps)
    if more:
        into[UINT((after % slots * batch + row) * room + at + unit)] = value
    else:
        final[UINT(final_at + row * n + unit)] = value
