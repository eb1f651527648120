"""Matrix products: tiles of both factors in shared memory, a small block of the result in each thread's registers.

Factors may have any strides, so that a transposed one costs nothing, and any axes before the last two. A long sum over
few results is cut into parts that blocks add up by themselves; the parts are added in their order, so that the same
bits come out every time. Where CuPy is installed (extra `cuda-blas`) large products are its vendor library's.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import cuda, float32, float64

from minigrad.cuda import vendor
from minigrad.cuda.array import DeviceArray, answers
from minigrad.cuda.elementwise import call, converted, copy_into
from minigrad.cuda.launching import SIMULATED, kernel
from minigrad.cuda.layout import broadcast, together
from minigrad.cuda.memory import empty
from minigrad.cuda.reduce import reduced
from minigrad.errors import DtypeError, ShapeError
from minigrad.remote import mixed

OWN = 2 if SIMULATED else 4  # rows and columns of the result that one thread sums up
DEEP = 4 if SIMULATED else 16  # steps of the sum in shared memory at a time
SMALL, LARGE = (2, 2) if SIMULATED else (8, 16)  # threads along each side of a block
FILLED = 2 if SIMULATED else 132  # blocks with which the device is well used
LONG = 8 if SIMULATED else 256  # steps that are worth a part of their own
MOST = 3 if SIMULATED else 65535  # blocks along z, which is as many as a launch may have
Layout = tuple[int, ...]


@cache
def _kernel(dtype: Any, side: int) -> Any:
    """out[z] = a[z] @ b[z] (+ bias) (+ out[z]) in tiles of side·OWN rows and columns; z counts batches, then parts."""
    tile, count = side * OWN, side * side
    wide = tile + 1  # so that threads which write along k meet different banks of the memory
    own, deep = OWN, DEEP

    @kernel
    def multiply(
        a: Any, b: Any, out: Any, bias: Any, sizes: Layout, steps_a: Layout, steps_b: Layout, steps_out: Layout,
        adding: int, part: int,
    ) -> None:  # fmt: skip
        left = cuda.shared.array((DEEP, wide), dtype)
        right = cuda.shared.array((DEEP, wide), dtype)
        sums = cuda.local.array((OWN, OWN), dtype)
        rows, columns, depth = sizes
        me = cuda.threadIdx.x
        y, x = me // side, me % side
        row0, column0, z = cuda.blockIdx.y * tile, cuda.blockIdx.x * tile, cuda.blockIdx.z
        batch = z if part == 0 else 0
        first = 0 if part == 0 else z * part
        last = depth if part == 0 else min(first + part, depth)
        from_a, from_b = steps_a[0] + batch * steps_a[1], steps_b[0] + batch * steps_b[1]
        for i in range(own):
            for j in range(own):
                sums[i, j] = 0
        for k0 in range(first, last, deep):
            for e in range(me, deep * tile, count):
                # neighbouring threads read neighbouring entries, whichever way the factor lies
                if steps_a[3] == 1:
                    k, i = e % deep, e // deep
                else:
                    k, i = e // tile, e % tile
                if row0 + i < rows and k0 + k < last:
                    left[k, i] = a[from_a + (row0 + i) * steps_a[2] + (k0 + k) * steps_a[3]]
                else:
                    left[k, i] = 0
                if steps_b[2] == 1:
                    k, j = e % deep, e // deep
                else:
                    k, j = e // tile, e % tile
                if column0 + j < columns and k0 + k < last:
                    right[k, j] = b[from_b + (k0 + k) * steps_b[2] + (column0 + j) * steps_b[3]]
                else:
                    right[k, j] = 0
            cuda.syncthreads()
            for k in range(deep):
                for i in range(own):
                    p = left[k, y + i * side]
                    for j in range(own):
                        sums[i, j] += p * right[k, x + j * side]
            cuda.syncthreads()
        to = steps_out[0] + z * steps_out[1]
        for i in range(own):
            row = row0 + y + i * side
            for j in range(own):
                column = column0 + x + j * side
                if row < rows and column < columns:
                    place = to + row * steps_out[2] + column * steps_out[3]
                    total = sums[i, j]
                    if adding & 1:
                        total += out[place]
                    if adding & 2:
                        total += bias[column]
                    out[place] = total

    return multiply


def product(
    a: DeviceArray,
    b: DeviceArray,
    out: DeviceArray | None = None,
    *,
    accumulate: bool = False,
    transpose_a: bool = False,
    transpose_b: bool = False,
    bias: DeviceArray | None = None,
) -> DeviceArray:
    """a (M, K) @ b (K, N), or of their transposes, into `out` (M, N), added to what is there if `accumulate`.

    `bias` (N,), contiguous and of offset 0, is added to every row. Strides are free. float32 and float64.
    """
    a, b = a.T if transpose_a else a, b.T if transpose_b else b
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ShapeError(f"product: shapes {a.shape} and {b.shape} do not fit; give (M, K) and (K, N)")
    shape = a.shape[0], b.shape[1]
    if out is None:
        out, accumulate = empty(shape, a.dtype), False
    if out.shape != shape or not a.dtype == b.dtype == out.dtype:
        raise ShapeError(f"product: {out.dtype} of {out.shape} cannot hold the {a.dtype} and {b.dtype} of {shape}")
    if not (accumulate or bias is not None) and vendor.wanted(*shape, a.shape[1]):
        vendor.multiply(a, b, out)
        return out
    parts = _parts(*shape, a.shape[1], a.dtype) if out.contiguous else 1
    if parts > 1 and bias is None:
        _in_parts(a, b, out, parts, accumulate)
    else:
        _launch(a, b, out, bias, accumulate, 1, (0, 0, 0), 0)
    return out


def _parts(rows: int, columns: int, depth: int, dtype: Any) -> int:
    """Into how many the sum is cut: 1 where the result alone keeps the device busy, or the sum is short."""
    side = SMALL * OWN
    blocks = -(-rows // side) * -(-columns // side)
    return max(1, min(FILLED // max(blocks, 1), depth // LONG))


def _in_parts(a: DeviceArray, b: DeviceArray, out: DeviceArray, parts: int, accumulate: bool) -> None:
    rows, columns, depth = *out.shape, a.shape[1]
    part = -(-depth // parts)
    part += -part % DEEP
    parts = -(-depth // part)
    sums = empty((parts, rows, columns), out.dtype)
    _launch(a, b, sums[0], None, False, parts, (0, 0, rows * columns), part)
    if accumulate:
        call(np.add, out, reduced(sums, 0, False, out.dtype), out=(out,))
    else:
        reduced(sums, 0, False, out.dtype, out=out)


def _launch(
    a: DeviceArray, b: DeviceArray, out: DeviceArray, bias: Any, accumulate: bool, z: int, batch: Layout, part: int
) -> None:
    rows, columns = out.shape
    if not rows or not columns or not z:
        return
    many = -(-rows // (LARGE * OWN)) * -(-columns // (LARGE * OWN)) * z >= FILLED
    side = LARGE if many else SMALL
    grid = -(-columns // (side * OWN)), -(-rows // (side * OWN)), z
    steps = [(x.offset, s, *x.strides) for x, s in zip((a, b, out), batch, strict=True)]
    given = out.buffer if bias is None else bias.buffer
    adding = int(accumulate) + 2 * (bias is not None)
    run = _kernel(float32 if out.dtype == np.float32 else float64, side)
    run[grid, side * side](a.buffer, b.buffer, out.buffer, given, (rows, columns, a.shape[1]), *steps, adding, part)


@answers(np.matmul, np.dot)
def matmul(a: Any, b: Any, out: DeviceArray | None = None) -> DeviceArray:
    """a @ b as NumPy has it: the last two axes are matrices, the others broadcast, a vector is a row or a column."""
    if not (isinstance(a, DeviceArray) and isinstance(b, DeviceArray)):
        raise mixed("matmul", a, b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: an operand has no axes; multiply instead")
    dtype = np.result_type(a.dtype, b.dtype)
    if dtype.kind != "f":
        raise DtypeError(f"matmul: {dtype} products have no launcher on cuda; convert to float32 or float64")
    a, b = converted(a, dtype, False), converted(b, dtype, False)
    left = a.reshape(1, -1) if a.ndim == 1 else a
    right = b.reshape(-1, 1) if b.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        raise ValueError("matmul: the last axis of the first must be as long as the last but one of the second")
    made = _batched(left, right)
    if a.ndim == 1:
        made = made.reshape((*made.shape[:-2], made.shape[-1]))
    if b.ndim == 1:
        made = made.reshape(made.shape[:-1])
    if out is None:
        return made
    copy_into(out, made)
    return out


def _batched(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(…, M, K) @ (…, K, N)."""
    if b.ndim == 2 and a.ndim > 2 and a.contiguous:  # many rows, one matrix: one product
        rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
        return product(rows, b).reshape((*a.shape[:-1], b.shape[-1]))
    if a.ndim == 2 and b.ndim == 2:
        return product(a, b)
    lead = together(a.shape[:-2], b.shape[:-2])
    a, b = _flat_batch(a, lead), _flat_batch(b, lead)
    out = empty((*lead, a.shape[1], b.shape[2]), a.dtype)
    flat = out.reshape(math.prod(lead), a.shape[1], b.shape[2])
    steps = a.strides[0], b.strides[0], flat.strides[0]
    for first in range(0, len(flat) if flat.size else 0, MOST):
        count = min(MOST, len(flat) - first)
        _launch(a[first], b[first], flat[first], None, False, count, steps, 0)
    return out


def _flat_batch(x: DeviceArray, lead: tuple[int, ...]) -> DeviceArray:
    """The axes before the last two broadcast to `lead` and made one: a view where that can be."""
    wide = (*lead, *x.shape[-2:])
    spread = x.view(wide, broadcast(x.shape, x.strides, wide), x.offset)
    if math.prod(x.shape[:-2]) == 1:  # one matrix for all
        return x.view((math.prod(lead), *x.shape[-2:]), (0, *x.strides[-2:]), x.offset)
    return spread.reshape(math.prod(lead), *x.shape[-2:])
