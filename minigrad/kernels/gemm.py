"""Matrix products inside a kernel: C = A B or C += A B, where B is packed once and used many times.

A time step multiplies the few rows of a batch with the same weights again and again. BLAS would rearrange the
weights at every call; here `pack` does it once per sequence, and `multiply` is the loop that is left.

- **What is packed.** B (K, N) is cut into panels of P columns, P = two vector registers; a panel's rows lie one after
  the other: panel p holds B[k, pP + q] at (pK + k)P + q. So the inner loop reads B strictly forwards. The last
  panel is filled up with zeros.
- **Which registers.** A tile is R rows of A against one panel: R × 2 accumulators, which stay in registers over all
  of K. Each k takes two loads of B, and R numbers of A, each multiplied into two vectors: 2R multiply-adds for R + 2
  loads, so the arithmetic is what limits it. R is 8 where there are 32 registers and 4 where there are 16.
- **Why strides.** A is read number by number, so it may lie in memory in any way: number (i, k) is at
  `row · i + col · k`. With row = 1 A is the transpose of what is stored.

Arrays are flat, with the place of their first number beside them. Sums over k are in order of k, so a row's result does
not depend on which rows it is computed with; only a last odd row, alone in its tile, has four interleaved sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.host import host
from minigrad.kernels.simd import INT64, Vectors, cgutils, data_of, in_kernels

VECTORS = 2  # a panel's width, in vector registers
PANEL_BYTES = VECTORS * host().vector_bytes
ROWS = host().tile_rows
UINT: Any = np.uintp  # a place that cannot be counted from the end, which a loop of vectors could not follow


def panel_width(dtype: Any) -> int:
    """P, the columns of a panel."""
    return PANEL_BYTES // int(np.dtype(dtype).itemsize)


def panels_size(k: int, n: int, dtype: Any) -> int:
    """How many numbers the panels of a (K, N) matrix take."""
    width = panel_width(dtype)
    return k * -(-n // width) * width


def tiles_size(m: int, k: int) -> int:
    """How many numbers the tiles of a left operand (M, K) take."""
    return k * -(-m // ROWS) * ROWS


def _tile(rows: int, chains: int = 1) -> Any:
    """A function that computes `rows` rows of C against one panel, as an intrinsic: LLVM is given the loop itself.

    Only the first `columns` of the panel are read and written in C. `chains` is the number of interleaved sums over k:
    a single row has too few sums of its own to hide the time that a multiply-add takes.
    """

    @in_kernels
    def tile(
        typing: Any, a: Any, a_at: Any, row: Any, col: Any, b: Any, b_at: Any, c: Any, c_at: Any, ldc: Any,
        columns: Any, k: Any, add: Any,
    ) -> Any:  # fmt: skip
        signature = types.void(a, *[types.intp] * 3, b, types.intp, c, *[types.intp] * 4, types.boolean)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            left, at, row, col, right, panel, out, place, ldc, columns, k, add = args
            left, right, out = (
                builder.gep(data_of(context, builder, kind, array), [first])
                for kind, array, first in ((a, left, at), (b, right, panel), (c, out, place))
            )
            vectors = Vectors(builder, context.get_data_type(a.dtype))
            _Tile(builder, vectors, rows, chains).generate(left, row, col, right, out, ldc, columns, k, add)
            return context.get_dummy_value()

        return signature, generate

    return tile


class _Tile:
    """The LLVM code of one tile."""

    def __init__(self, builder: Any, vectors: Vectors, rows: int, chains: int):
        self.builder, self.vectors, self.rows, self.chains = builder, vectors, rows, chains

    def generate(self, a: Any, row: Any, col: Any, b: Any, c: Any, ldc: Any, columns: Any, k: Any, add: Any) -> None:
        """C's tile from nothing or from itself, K steps in the chains' turns, what is left, and the store."""
        builder, vectors = self.builder, self.vectors
        left = [builder.gep(a, [builder.mul(row, _int(r))]) for r in range(self.rows)]
        places = [
            [builder.gep(c, [builder.add(builder.mul(ldc, _int(r)), _int(v * vectors.lanes))]) for v in range(VECTORS)]
            for r in range(self.rows)
        ]
        masks = [vectors.first(columns, v * vectors.lanes) for v in range(VECTORS)]
        chains = [self._accumulators() for _ in range(self.chains)]
        with builder.if_then(add):
            for r, v, place in self._each(chains[0]):
                builder.store(vectors.masked_load(places[r][v], masks[v]), place)
        whole = builder.sub(k, builder.srem(k, _int(self.chains)))
        with cgutils.for_range_slice(builder, _int(0), whole, _int(self.chains)) as (step, _):
            for q, chain in enumerate(chains):
                self._multiply_add(left, b, col, builder.add(step, _int(q)), chain)
        if self.chains > 1:
            with cgutils.for_range_slice(builder, whole, k, _int(1)) as (step, _):
                self._multiply_add(left, b, col, step, chains[0])
        for r, v, _ in self._each(chains[0]):
            vectors.masked_store(self._total(chains, r, v), places[r][v], masks[v])

    def _accumulators(self) -> Any:
        """Places on the stack, each holding zeros: LLVM turns them into registers."""
        zero = self.vectors.full(0.0)
        return [[cgutils.alloca_once_value(self.builder, zero) for _ in range(VECTORS)] for _ in range(self.rows)]

    def _each(self, chain: Any) -> Any:
        return ((r, v, chain[r][v]) for r in range(self.rows) for v in range(VECTORS))

    def _multiply_add(self, left: Any, b: Any, col: Any, step: Any, chain: Any) -> None:
        builder, vectors = self.builder, self.vectors
        panel = builder.gep(b, [builder.mul(step, _int(VECTORS * vectors.lanes))])
        right = [vectors.load(builder.gep(panel, [_int(v * vectors.lanes)])) for v in range(VECTORS)]
        offset = builder.mul(step, col)
        for r in range(self.rows):
            number = vectors.spread(builder.load(builder.gep(left[r], [offset]), typ=vectors.scalar))
            for v in range(VECTORS):
                before = builder.load(chain[r][v], typ=vectors.type)
                builder.store(vectors.fma(number, right[v], before), chain[r][v])

    def _total(self, chains: Any, r: int, v: int) -> Any:
        terms = [self.builder.load(chain[r][v], typ=self.vectors.type) for chain in chains]
        while len(terms) > 1:
            terms = [self.builder.fadd(x, y) for x, y in zip(terms[::2], terms[1::2], strict=True)]
        return terms[0]


def _int(value: int) -> Any:
    return ir.Constant(INT64, value)


_many, _four, _two, _one = _tile(ROWS), _tile(4), _tile(2), _tile(1, chains=4)


@kernel
def _rows(
    a: Array, a_at: int, row: int, block: int, col: int, b: Array, b_at: int, c: Array, c_at: int, ldc: int,
    columns: int, m: int, k: int, add: bool,
) -> None:  # fmt: skip
    """M rows of C against one panel, ROWS at a time, the rest by fours, twos and ones."""
    i = 0
    while m - i >= ROWS:
        _many(a, a_at + i * block, row, col, b, b_at, c, c_at + i * ldc, ldc, columns, k, add)
        i += ROWS
    a_at += i * block
    if ROWS > 4 and m - i >= 4:
        _four(a, a_at, row, col, b, b_at, c, c_at + i * ldc, ldc, columns, k, add)
        i += 4
        a_at += 4 * row
    if m - i >= 2:
        _two(a, a_at, row, col, b, b_at, c, c_at + i * ldc, ldc, columns, k, add)
        i += 2
        a_at += 2 * row
    if m - i >= 1:
        _one(a, a_at, row, col, b, b_at, c, c_at + i * ldc, ldc, columns, k, add)


@kernel
def multiply(
    a: Array, a_at: int, row: int, block: int, col: int, b: Array, b_at: int, depth: int, c: Array, c_at: int,
    ldc: int, m: int, n: int, k: int, add: bool,
) -> None:  # fmt: skip
    """C (M, N) = A (M, K) B (K, N), or C += A B with `add`; B as panels of `depth` ≥ K rows, all arrays flat.

    A[i, k] is at a_at + row · i + col · k; but each whole tile of ROWS rows starts `block` · ROWS after the one
    before, so that A may be packed by tiles too (`pack_left`); otherwise block = row. C[i, j] is at
    c_at + ldc · i + j. Columns beyond N are not written.
    """
    width = PANEL_BYTES // a.itemsize
    for j in range(0, n, width):
        _rows(a, a_at, row, block, col, b, b_at + j * depth, c, c_at + j, ldc, n - j, m, k, add)


@kernel
def pack(source: Array, at: int, row: int, col: int, k: int, n: int, panels: Array, p_at: int, depth: int) -> None:
    """Rows 0 … K − 1 of panels of `depth` rows, from p_at on: B (K, N) with B[k, j] = source[at + row · k + col · j].

    To put them further down start at p_at + (the row) · P.
    """
    width = PANEL_BYTES // source.itemsize
    for j in range(0, n, width):
        count = min(width, n - j)
        for step in range(k):
            here, there = UINT(p_at + j * depth + step * width), UINT(at + row * step + col * j)
            if col == 1:
                for q in range(UINT(count)):
                    panels[here + q] = source[there + q]
            else:
                for q in range(UINT(count)):
                    panels[here + q] = source[there + UINT(col) * q]
            for q in range(UINT(count), UINT(width)):
                panels[here + q] = 0


@kernel
def pack_left(source: Array, at: int, ld: int, k: int, m: int, tiles: Array, t_at: int, depth: int) -> None:
    """K columns of A (M, depth), from the first on, by tiles of ROWS rows; A[i, k] is source[at + ld · k + i].

    Number (i, k) of A is then at t_at + (i − i mod ROWS) · depth + ROWS · k + i mod ROWS: for `multiply` row = 1,
    block = depth, col = ROWS. To put columns further on start at t_at + (the column) · ROWS.
    """
    for i in range(0, m, ROWS):
        count = min(ROWS, m - i)
        for step in range(k):
            here, there = UINT(t_at + i * depth + ROWS * step), UINT(at + ld * step + i)
            if count == ROWS:
                for r in range(UINT(ROWS)):
                    tiles[here + r] = source[there + r]
            else:
                for r in range(UINT(count)):
                    tiles[here + r] = source[there + r]
