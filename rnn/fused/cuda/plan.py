"""How a sequence is divided among blocks of threads: parts of the units, groups of rows, and threads.

A step needs all of W_hh, and a multiprocessor reads no more than about 64 bytes of it in a clock from the L2 cache. So
the units are divided among `parts` blocks, each of which keeps its columns in its shared memory for the whole sequence;
what one part computes the others read at the next step, for which they wait (`block.wait`). There are never more blocks
that wait for each other than the device has multiprocessors, so all of them are under way at once. A small layer is
one part, and nobody waits.

Counted, not measured, for T = 35, B = 32, ids, float32 and 132 multiprocessors, forward + backward of a layer:
| | parts × groups | W_hh read | what goes between the parts and what is kept |
|---|---|---|---|
| RNN, GRU, LSTM 32 | 1 × 4 | under 0.2 MB | 3, 7, 8 MB |
| RNN 256 | 22 × 4 | 2 MB, where unsplit it were 73 | 68 MB |
| GRU 256 | 32 × 4 | 6 MB, 220 | 197 MB |
| LSTM 256 | 32 × 4 | 8 MB, 294 | 243 MB |
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from numba import cuda

from minigrad.cuda.launching import SIMULATED
from rnn.fused.cuda.block import PLANES, ROWS, SUMS

SHARED = 48 << 10  # bytes of shared memory that every device gives without being asked
STATIC = 512  # of them, what kernels declare by themselves, and more
THREADS = (2, 4, 8, 16, 32) if SIMULATED else (64, 96, 128, 192, 256)


class Work(NamedTuple):
    """What a pass has to do at each step: its products and what it keeps of them, in blocks of a part's units.

    `products` are the widths of each, `depth` how many numbers of a row each sums over, `sums` what it is added to.
    """

    products: tuple[int, ...]
    depth: int
    sums: int
    units: int
    batch: int
    item: int  # bytes of a number


class Plan(NamedTuple):
    """`own` units in each of `parts` parts, `rows` rows in each of `groups` groups; a block each.

    `weights` is how many numbers a part keeps of W_hh, and `resident` whether that is in shared memory, of which a
    block has `shared` bytes. `apart`: nobody waits, each stage is a launch.
    """

    own: int
    parts: int
    rows: int
    groups: int
    threads: int
    weights: int
    resident: bool
    shared: int
    apart: bool = False

    @property
    def blocks(self) -> int:
        """How many there are."""
        return self.parts * self.groups


@cache
def processors() -> int:
    """The device's multiprocessors. A simulated device runs one block after the other, so there none may wait."""
    device: Any = cuda
    return 1 if SIMULATED else int(device.get_current_device().MULTIPROCESSOR_COUNT)


@cache
def planned(work: Work) -> Plan:
    """The plan of least cost, of all that this device can run."""
    return min(candidates(work, processors()), key=lambda plan: (cost(plan, work), plan.parts, plan.threads))


def candidates(work: Work, most: int) -> list[Plan]:
    """All plans of at most so many parts in which each quad of columns has a thread."""
    sizes = {-(-work.units // parts) for parts in range(1, most + 1)}
    found = [divided(work, own, threads, most) for own in sizes for threads in THREADS]
    return [p for p in found if p.threads >= max(quads(w, p.own) for w in work.products) and p.shared <= SHARED]


def divided(work: Work, own: int, threads: int, most: int) -> Plan:
    """The plan with that many units in a part and threads in a block."""
    parts, tiles = -(-work.units // own), -(-work.batch // ROWS)
    groups = tiles if parts == 1 else max(1, min(tiles, most // parts))
    rows = ROWS * -(-tiles // groups)
    weights = PLANES * work.depth * sum(quads(width, own) for width in work.products)
    rest = (ROWS * own * work.sums + SUMS * (threads + 1)) * work.item + STATIC
    resident = weights * work.item + rest <= SHARED
    shared = rest - STATIC + (weights * work.item if resident else 0)
    return Plan(own, parts, rows, -(-work.batch // rows), threads, weights, resident, shared)


def quads(width: int, own: int) -> int:
    """Columns of a plane."""
    return -(-width * own // PLANES)


def cost(plan: Plan, work: Work) -> float:
    """Clocks of a step, roughly: what is read of shared memory (32 numbers a clock), waits for memory, for others."""
    tiles, warps, wide = plan.rows // ROWS, plan.threads / 32, work.item / 4
    clocks = 0.0
    for width in work.products:
        each = quads(width, plan.own)
        rounds = work.depth / (plan.threads // each)  # that a thread goes through its slice
        staged = -(-work.depth // (2 * plan.threads)) * 500
        inner = rounds * max(wide * (ROWS + PLANES) * warps, 40 if plan.resident else 300)
        if not plan.resident:
            inner = max(inner, PLANES * each * work.depth * work.item / 64)
        reduced = 2 * SUMS * warps * wide + 6 * (plan.threads // each)
        clocks += tiles * (300 + staged + inner + reduced)
    formulas = tiles * -(-ROWS * plan.own // plan.threads) * 700
    waiting = 2200 * len(work.products) if plan.parts > 1 else 0
    return (clocks + formulas + waiting) * max(1.0, plan.blocks / processors())
