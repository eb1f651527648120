"""One launcher for every function of entries: any shapes that broadcast, any strides, numbers among the arrays.

A kernel is made for a function and a number of operands, and compiled for the types that occur. It walks the result in
as few axes as the strides allow: one, where all arrays lie in order, and then no place is divided.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from minigrad.cuda import scalars
from minigrad.cuda.array import FUNCTIONS, UFUNCS, DeviceArray, answers
from minigrad.cuda.launching import device_function, kernel, scalar, spread
from minigrad.cuda.layout import Ints, broadcast, merged, row_major, together
from minigrad.cuda.memory import empty, from_numpy
from minigrad.errors import DeviceError, DtypeError, ShapeError
from minigrad.remote import mixed

Function = Callable[..., Any]


class Walk(NamedTuple):
    """How a result is walked: its shape, its entries, and merged axes with the strides of each array, result last."""

    shape: Ints
    n: int
    axes: Ints
    strides: tuple[Ints, ...]


@lru_cache(maxsize=8192)
def walk(*layouts: tuple[Ints, Ints]) -> Walk:
    """For (shape, strides) of each array; ValueError if they do not broadcast."""
    shape = together(*(s for s, _ in layouts))
    return walk_into(shape, row_major(shape), *layouts)


@lru_cache(maxsize=8192)
def walk_into(shape: Ints, strides: Ints, *layouts: tuple[Ints, Ints]) -> Walk:
    """The same for a result that is there already."""
    n = 1
    for length in shape:
        n *= length
    axes, merged_strides = merged(shape, *(broadcast(*layout, shape) for layout in layouts), strides)
    return Walk(shape, n, axes, tuple(merged_strides))


@cache
def kernel_of_one(function: Function) -> Any:
    """out = f(a)."""
    f = device_function(function)

    @kernel
    def one(a: Any, out: Any, n: int, axes: Ints, steps: Ints, steps_out: Ints, offsets: Ints) -> None:
        for i in range(cuda.grid(1), n, cuda.gridsize(1)):
            rest, at, to = i, offsets[0], offsets[1]
            for d in range(len(axes) - 1, 0, -1):
                k = rest % axes[d]
                rest //= axes[d]
                at += k * steps[d]
                to += k * steps_out[d]
            out[to + rest * steps_out[0]] = f(a[at + rest * steps[0]])

    return one


@cache
def kernel_of_two(function: Function) -> Any:
    """out = f(a, b). Where `numbers` has bit 1, a is the number `x`; where bit 2, b is `y`.

    x and y have the type that is computed in, and what is read becomes that type.
    """
    f = device_function(function)

    @kernel
    def two(
        a: Any, b: Any, x: Any, y: Any, numbers: int, out: Any, n: int,
        axes: Ints, steps_a: Ints, steps_b: Ints, steps_out: Ints, offsets: Ints,
    ) -> None:  # fmt: skip
        for i in range(cuda.grid(1), n, cuda.gridsize(1)):
            rest, left, right, to = i, offsets[0], offsets[1], offsets[2]
            for d in range(len(axes) - 1, 0, -1):
                k = rest % axes[d]
                rest //= axes[d]
                left += k * steps_a[d]
                right += k * steps_b[d]
                to += k * steps_out[d]
            p = x if numbers & 1 else a[left + rest * steps_a[0]]
            q = y if numbers & 2 else b[right + rest * steps_b[0]]
            out[to + rest * steps_out[0]] = f(p, q)

    return two


@kernel
def _chosen(
    c: Any, a: Any, b: Any, x: Any, y: Any, numbers: int, out: Any, n: int,
    axes: Ints, steps_c: Ints, steps_a: Ints, steps_b: Ints, steps_out: Ints, offsets: Ints,
) -> None:  # fmt: skip
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        rest, at, left, right, to = i, offsets[0], offsets[1], offsets[2], offsets[3]
        for d in range(len(axes) - 1, 0, -1):
            k = rest % axes[d]
            rest //= axes[d]
            at += k * steps_c[d]
            left += k * steps_a[d]
            right += k * steps_b[d]
            to += k * steps_out[d]
        if c[at + rest * steps_c[0]]:
            out[to + rest * steps_out[0]] = x if numbers & 1 else a[left + rest * steps_a[0]]
        else:
            out[to + rest * steps_out[0]] = y if numbers & 2 else b[right + rest * steps_b[0]]


def one(function: Function, a: DeviceArray, dtype: np.dtype[Any], out: DeviceArray | None = None) -> DeviceArray:
    """f(a), of `dtype`, or into `out`."""
    out, plan, (a,) = _prepared(out, dtype, a)
    if plan.n:
        kernel_of_one(function)[spread(plan.n)](
            a.buffer, out.buffer, plan.n, plan.axes, *plan.strides, (a.offset, out.offset)
        )
    return out


def two(
    function: Function, a: Any, b: Any, within: np.dtype[Any], dtype: np.dtype[Any], out: DeviceArray | None = None
) -> DeviceArray:
    """f(a, b), of `dtype`, computed in the dtype `within`; one of the two may be a number."""
    numbers = (not isinstance(a, DeviceArray)) + 2 * (not isinstance(b, DeviceArray))
    x, y = scalar(a if numbers == 1 else 0, within), scalar(b if numbers == 2 else 0, within)
    if numbers != 1 and a.dtype.kind == "b" != within.kind and (numbers == 2 or b.dtype.kind == "b"):
        a = converted(a, within)  # truth values alone would be computed with as such
    out, plan, (a, b) = _prepared(out, dtype, b if numbers == 1 else a, a if numbers == 2 else b)
    if plan.n:
        kernel_of_two(function)[spread(plan.n)](
            a.buffer, b.buffer, x, y, numbers, out.buffer, plan.n,
            plan.axes, *plan.strides, (a.offset, b.offset, out.offset),
        )  # fmt: skip
    return out


def _prepared(out: DeviceArray | None, dtype: Any, *arrays: DeviceArray) -> tuple[DeviceArray, Walk, Any]:
    """The array for the result, how all are walked, and the operands, copied where the result would overwrite them."""
    if out is None:
        plan = walk(*((a.shape, a.strides) for a in arrays))
        return empty(plan.shape, dtype), plan, arrays
    apart = [_apart(a, out) for a in arrays]
    return out, walk_into(out.shape, out.strides, *((a.shape, a.strides) for a in apart)), apart


def _apart(a: DeviceArray, out: DeviceArray) -> DeviceArray:
    same = a.offset == out.offset and a.strides == out.strides and a.shape == out.shape
    return a if same or a.buffer is not out.buffer else a.copy()


# Ufuncs


@lru_cache(maxsize=1024)
def _types(ufunc: np.ufunc, *given: Any) -> tuple[np.dtype[Any], ...]:
    """The dtypes in which NumPy computes: of the inputs, then of the result. Python's numbers are given as types."""
    found = ufunc.resolve_dtypes((*given, None))
    if any(d == np.float16 for d in found):
        raise DtypeError(f"{ufunc.__name__}: gives float16, which is not supported on cuda; convert the input first")
    return found


def _kind(x: Any) -> Any:
    if isinstance(x, DeviceArray | np.generic):
        return x.dtype
    return np.dtype(bool) if x.__class__ is bool else x.__class__


def call(ufunc: np.ufunc, *inputs: Any, out: Any = None, dtype: Any = None, **keywords: Any) -> DeviceArray:
    """ufunc(*inputs): what `__array_ufunc__` gets."""
    function = scalars.OF.get(ufunc)
    if function is None:
        compute = FUNCTIONS.get(ufunc)
        if compute is None or keywords:
            raise DeviceError(f"{ufunc.__name__}: has no launcher on cuda; use device='cpu' for it")
        return compute(*inputs) if out is None else compute(*inputs, out=out[0])
    if keywords:
        raise DeviceError(f"{ufunc.__name__}: {', '.join(keywords)} has no meaning on cuda; leave it out")
    target = _target(ufunc, None if out is None else out[0], inputs)
    kinds = tuple(map(_kind, inputs)) if dtype is None else (np.dtype(dtype),) * len(inputs)
    types = _types(ufunc, *kinds)
    given = types[-1] if target is None else target.dtype
    if ufunc is np.sign:
        return two(function, inputs[0], 1, types[0], given, target)
    if len(inputs) == 1:
        return one(function, inputs[0], given, target)
    left, right = inputs
    if ufunc is np.power and right.__class__ in (int, float) and right in (2, -1):
        if right == 2:
            return one(scalars.square, left, given, target)
        return two(scalars.OF[np.true_divide], 1, left, types[0], given, target)
    return two(function, left, right, types[0], given, target)


UFUNCS["__call__"] = call


def _target(ufunc: np.ufunc, out: Any, inputs: tuple[Any, ...]) -> DeviceArray | None:
    if out is None:
        return None
    if not isinstance(out, DeviceArray):
        raise mixed(ufunc.__name__, *inputs, out)
    out.limits = None
    shape = together(*(x.shape for x in inputs if isinstance(x, DeviceArray)), out.shape)
    if shape != out.shape:
        raise ShapeError(f"{ufunc.__name__}: a result of shape {shape} does not fit into {out.shape}")
    return out


# Copies


def converted(a: DeviceArray, dtype: Any, copy: bool = True) -> DeviceArray:
    """A copy of another dtype, in order; the array itself if it has the dtype and none was asked for."""
    dtype = np.dtype(dtype)
    if not copy and dtype == a.dtype:
        return a
    made = one(scalars.true if dtype.kind == "b" else scalars.same, a, dtype)
    made.limits = a.limits if dtype.kind in "iu" else None
    return made


FUNCTIONS["astype"] = converted


@answers(np.copy)
def copied(a: DeviceArray, order: Any = "K", subok: bool = False) -> DeviceArray:
    """A copy in C order."""
    return converted(a, a.dtype)


@answers(np.copyto)
def copy_into(target: DeviceArray, value: Any, casting: Any = "same_kind") -> None:
    """target[...] = value, an array of the device that broadcasts, a number, or an array of the host."""
    target.limits = None
    if isinstance(value, np.ndarray):
        value = from_numpy(value)
    if isinstance(value, DeviceArray):
        if value.ndim > target.ndim:  # leading axes of length 1, as NumPy allows
            value = value.reshape(value.shape[value.ndim - target.ndim :])
        one(scalars.same, value, target.dtype, target)
    else:
        two(scalars.second, target, value, target.dtype, target.dtype, target)


@answers(np.where)
def where(condition: Any, a: Any, b: Any) -> DeviceArray:
    """a where `condition` is true, b elsewhere; each of the two may be a number."""
    if not isinstance(condition, DeviceArray):
        condition = from_numpy(np.asarray(condition))
    for x in (a, b):
        if isinstance(x, np.ndarray):
            raise mixed("where", a, b)
    dtype = np.result_type(*(x.dtype if isinstance(x, DeviceArray) else x for x in (a, b)))
    numbers = (not isinstance(a, DeviceArray)) + 2 * (not isinstance(b, DeviceArray))
    x, y = scalar(a if numbers & 1 else 0, dtype), scalar(b if numbers & 2 else 0, dtype)
    a, b = condition if numbers & 1 else a, condition if numbers & 2 else b
    out, plan, _ = _prepared(None, dtype, condition, a, b)
    if plan.n:
        _chosen[spread(plan.n)](
            condition.buffer, a.buffer, b.buffer, x, y, numbers, out.buffer, plan.n,
            plan.axes, *plan.strides, (condition.offset, a.offset, b.offset, out.offset),
        )  # fmt: skip
    return out


def plain(a: DeviceArray) -> DeviceArray:
    """The array in C order: itself if it is, otherwise a copy."""
    return a if a.contiguous else copied(a)


def raw(a: DeviceArray) -> Any:
    """The flat numba device array of a contiguous array, for kernels. It may be longer than `a.size`.

    As long as it is held, the memory is not given to anybody else, even if `a` is gone.
    """
    if not a.contiguous:
        raise DeviceError(f"raw: an array of shape {a.shape} and strides {a.strides} is not in order; use plain()")
    if not a.offset:
        return a.buffer
    part = a.buffer[a.offset : a.offset + a.size]
    part.owner = a
    return part
