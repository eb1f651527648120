"""A layer over a whole sequence as one op of the engine: fused forward, fused backward, and the stepwise definition.

The batch is cut into tiles of rows, each of which runs through the whole sequence by itself, forwards and back: no
thread ever waits for another within a sequence. What tiles have in common, the gradients of the weights, each sums up
for itself; those sums are added in the order of the tiles. How many tiles there are depends on the shapes alone, so
that every number of threads gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array, Op, recording
from minigrad.kernels import threads
from minigrad.kernels.gemm import panels_size, tiles_size
from minigrad.kernels.packing import Packing
from minigrad.kernels.workspace import aligned, carved, plain, room_for, scratch
from rnn import stepwise
from rnn.cells import Cell
from rnn.fused.family import Arrays, Family
from rnn.fused.lookup import LookedUp
from rnn.stepwise import Input, Weights

TILE = 16  # rows of the batch; two register tiles share what they read of a panel
SPAN = 16  # steps whose input products are computed ahead
COLLECTED = 300  # rows × steps whose weight gradients are one product
PARTIAL_BYTES = 64 << 20  # what the tiles' sums may take


class Layout(NamedTuple):
    """Which cell, and in which order the op's inputs come: x, then for each direction its state and its parameters."""

    family: Any  # a `Family`, or that of another device
    cell: Cell
    parts: int
    names: tuple[str, ...]
    directions: int

    def parted(self, inputs: Any) -> tuple[Any, list[tuple[list[Any], dict[str, Any]]]]:
        """x, and for each direction the parts of its first state and its parameters by name."""
        runs, at = [], 1
        for _ in range(self.directions):
            middle, end = at + self.parts, at + self.parts + len(self.names)
            runs.append((inputs[at:middle], dict(zip(self.names, inputs[middle:end], strict=True))))
            at = end
        return inputs[0], runs

    def wanted(self, inputs: tuple[bool, ...]) -> tuple[bool, bool]:
        """Whether the cotangent of x is, and that of any part of a first state."""
        x, runs = self.parted(inputs)
        return x, any(any(state) for state, _ in runs)


class Kept(NamedTuple):
    """What one direction leaves for backward.

    What its steps wrote, its first state and whether that is more than zeros, and what else the kernel reads.
    """

    steps: Array
    start: Array
    started: bool
    extra: Array


def fused_layer(
    family: Any, forward: Callable[..., Any] | None = None, backward: Callable[..., Any] | None = None
) -> Callable[..., tuple[Tensor, list[Any]]]:
    """The whole layer by these kernels, with the arguments and results of `rnn.stepwise.layer`.

    `forward` and `backward` run them on another device, in the place of those here.
    """
    op = Op(
        f"{family.name}_layer",
        forward or _forward,
        joint=backward or _backward,
        variadic=True,
        many=True,
        keeps=True,
        fresh=True,
        definition=_stepwise,
    )

    def layer(
        cell: Cell, directions: list[Weights], x: Input, states: list[Any], lengths: Array | None
    ) -> tuple[Tensor, list[Any]]:
        dense, parts = isinstance(x, Tensor), len(states[0])
        layout = Layout(family, cell, parts, tuple(directions[0]), len(directions))
        inputs: list[Any] = [x if dense else None]
        for weights, state in zip(directions, states, strict=True):
            inputs += [*state, *weights.values()]
        keep = recording() and any(given is not None and given.requires_grad for given in inputs)
        output, *last = op(inputs, layout, None if dense else x, lengths, keep)
        return output, [cell.State(*last[d * parts : (d + 1) * parts]) for d in range(len(directions))]

    return layer


def _forward(
    inputs: Any, layout: Layout, ids: Array | None, lengths: Array | None, keep: bool
) -> tuple[tuple[Array, ...], Any]:
    """y (T, B, D·H), then each direction's last state, part by part; and what is kept, if there will be gradients."""
    x, runs = layout.parted(inputs)
    family, w_hh = layout.family, runs[0][1]["weight_hh"]
    steps, batch = (x if ids is None else ids).shape[:2]
    units, dtype = w_hh.shape[1], w_hh.dtype
    ends = _ends(lengths, steps, batch)
    looked_up = None if ids is None else LookedUp.of(ids, runs[0][1]["weight_ih"].shape[1], lengths)
    flat, width = _flat(x, dtype), 0 if x is None else x.shape[2]
    slots = steps if keep and family.keeps else min(steps, SPAN)
    y = aligned((steps, batch, layout.directions * units), dtype)
    tiles, jobs, finals, kept, packing = _tiles(batch, runs[0][1]), [], [], [], Packing()
    panels = [_panels(packing, family, w, d, looked_up is None, transposed=True) for d, (_, w) in enumerate(runs)]
    ready = packing.ready
    for d, (state, w) in enumerate(runs):
        start = np.array(state, order="C").reshape(-1)
        final = np.empty_like(start)
        size = slots * batch * family.room * units
        room = aligned((size,), dtype) if keep else scratch(f"steps {d}", size, dtype)
        bias, extra = family.given(w)
        extra = plain(extra)
        table = bias if looked_up is None else looked_up.table(w["weight_ih"], bias)
        started = bool(start.any())
        shared = (
            ready, started, steps, batch, units, d == 1, family.flag, flat, width, _index(looked_up), table, extra,
            ends, *panels[d], start, room, slots, y.reshape(-1), y.shape[2], d * units, final,
        )  # fmt: skip
        jobs += [partial(_run_forward, family, tile, units, dtype, shared) for tile in tiles]
        finals += list(final.reshape(layout.parts, batch, units))
        kept.append(Kept(room, start, started, extra))
    threads.run([*packing.jobs(ready), *jobs], _work(steps * batch, runs, width), ready)
    return (y, *finals), (kept, looked_up) if keep else None


def _run_forward(family: Family, tile: tuple[int, int], units: int, dtype: Any, shared: tuple[Any, ...]) -> None:
    first, last = tile
    space = scratch("states", 2 * (last - first) * units, dtype)
    family.forward(first, last, *shared, space, SPAN)


def _backward(
    g: tuple[Array, ...], inputs: Any, y: tuple[Array, ...], kept: Any, layout: Layout, lengths: Array | None,
    wanted: tuple[bool, ...],
) -> list[Array | None]:  # fmt: skip
    """The cotangents of all inputs."""
    wide, state_wanted = layout.wanted(wanted)
    x, runs = layout.parted(inputs)
    family, parts, dtype = layout.family, layout.parts, y[0].dtype
    (steps, batch, width_y), (each, looked_up) = y[0].shape, kept
    units, flat, width = width_y // layout.directions, _flat(x, dtype), 0 if x is None else x.shape[2]
    ends, tiles = _ends(lengths, steps, batch), _tiles(batch, runs[0][1])
    dy, h, index = plain(g[0]), plain(y[0]), _index(looked_up)
    sizes = _sizes(family, runs[0][1], width, 1 if looked_up is None else looked_up.rows)
    jobs: list[Callable[[], None]] = []
    found: list[tuple[Array, Array, Array]] = []
    packing = Packing()
    panels = [_panels(packing, family, w, d, wide, transposed=False) for d, (_, w) in enumerate(runs)]
    ready = packing.ready
    for d in range(layout.directions):
        d_start = np.array(g[1 + d * parts : 1 + (d + 1) * parts], order="C").reshape(-1)
        dx = aligned((flat.size if wide else 0,), dtype)
        total = len(tiles) * room_for(*sizes)
        each_tile = scratch(f"sums {d}", total, dtype)[:total].reshape(len(tiles), -1)
        shared = (
            ready, each[d].started, state_wanted, steps, batch, units, d == 1, family.flag, flat, width, index,
            each[d].extra, ends, *panels[d], each[d].start, each[d].steps, h, width_y, d * units, dy, d_start, dx,
        )  # fmt: skip
        extent = (steps, units, width, dtype)
        jobs += [
            partial(_run_backward, family, *one, extent, sizes, shared) for one in zip(tiles, each_tile, strict=True)
        ]
        found.append((d_start.reshape(parts, batch, units), dx, each_tile))
    threads.run([*packing.jobs(ready), *jobs], 2 * _work(steps * batch, runs, width), ready)
    gradients: list[Array | None] = [None]
    if wide:
        first = found[0][1]
        for _, dx, _ in found[1:]:
            first += dx
        gradients[0] = first.reshape(x.shape)
    for (_, w), (d_start, _, each_tile) in zip(runs, found, strict=True):
        gradients += [
            *(d_start if state_wanted else [None] * parts),
            *_parameters(family, w, carved(_total(each_tile), *sizes), looked_up),
        ]
    return gradients


def _run_backward(
    family: Family, tile: tuple[int, int], sums: Array, extent: tuple[int, int, int, Any], sizes: tuple[int, ...],
    shared: tuple[Any, ...],
) -> None:  # fmt: skip
    m, (steps, units, width, dtype) = tile[1] - tile[0], extent
    depth = m * -(-steps // -(-steps * m // COLLECTED))  # as many steps each time
    needed = (
        m * family.back * units, 2 * m * units, family.back * tiles_size(units, depth),
        panels_size(depth, units, dtype), panels_size(depth, units, dtype), panels_size(depth, width, dtype),
    )  # fmt: skip
    buffers = carved(scratch("backward", room_for(*needed), dtype), *needed)
    family.backward(*tile, *shared, *carved(sums, *sizes), *buffers, depth)


def _panels(
    packing: Packing, family: Family, w: Arrays, d: int, dense: bool, *, transposed: bool
) -> tuple[Array, Array]:
    """Those of W_ih, where they are needed, and of W_hh."""
    w_hh = w["weight_hh"]
    w_x = packing.add(w["weight_ih"], f"w_x {d}", transposed=transposed) if dense else w_hh.reshape(-1)[:0]
    return w_x, packing.add(w_hh, f"w_h {d}", transposed=transposed, first=family.first(w_hh.shape[1]))


def _sizes(family: Family, w: Arrays, width: int, rows: int) -> tuple[int, ...]:
    """Of a tile's sums: for weight_ih as it is or as a table of rows, for weight_hh, and for what else there is."""
    outputs, units = w["weight_hh"].shape
    return outputs * width, outputs * units, rows * outputs, family.extra(units)


def _total(sums: Array) -> Array:
    """Of all tiles, in their order; in memory of its own."""
    found = aligned(sums.shape[1:], sums.dtype)
    found[...] = sums[0]
    with np.errstate(all="ignore"):  # between the pieces stands whatever was there before
        for part in sums[1:]:
            found += part
    return found


def _parameters(family: Family, w: Arrays, sums: list[Array], looked_up: LookedUp | None) -> list[Array | None]:
    d_x, d_h, d_table, d_extra = sums
    w_ih, w_hh = w["weight_ih"], w["weight_hh"]
    table = d_table.reshape(-1, len(w_ih))
    found = family.finished(d_h.reshape(w_hh.shape), np.add.reduce(table, axis=0), d_extra)
    found["weight_ih"] = d_x.reshape(w_ih.shape) if looked_up is None else looked_up.gradient(table, w_ih)
    return [None if value is None else found[name] for name, value in w.items()]


def _stepwise(inputs: Any, layout: Layout, ids: Array | None, lengths: Array | None, keep: bool) -> tuple[Tensor, ...]:
    x, runs = layout.parted(inputs)
    states = [layout.cell.State(*state) for state, _ in runs]
    output, last = stepwise.layer(layout.cell, [w for _, w in runs], x if ids is None else ids, states, lengths)
    return (output, *(part for state in last for part in state))


def _tiles(batch: int, w: Arrays) -> list[tuple[int, int]]:
    """(first, last) row of each tile, as equal as can be; not more of them than there is room for their sums."""
    w_x, w_h = w["weight_ih"], w["weight_hh"]
    room = PARTIAL_BYTES // (w_x.nbytes + w_h.nbytes)
    n = max(1, min(-(-batch // TILE), room))
    ends = [batch * k // n for k in range(n + 1)]
    return list(pairwise(ends))


def _work(rows: int, runs: list[Any], width: int) -> int:
    """The multiply-adds of a pass, with those that its functions are worth."""
    outputs, units = runs[0][1]["weight_hh"].shape
    found: int = rows * len(runs) * outputs * (units + width + 16)
    return found


def _ends(lengths: Array | None, steps: int, batch: int) -> Array:
    return np.full(batch, steps, np.int64) if lengths is None else plain(lengths, np.int64)


def _flat(x: Array | None, dtype: Any) -> Array:
    return np.empty(0, dtype) if x is None else plain(x)


def _index(looked_up: LookedUp | None) -> Array:
    return np.empty(0, np.int64) if looked_up is None else looked_up.places
