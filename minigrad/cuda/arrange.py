"""The same entries in another arrangement: views where there are any; and several arrays made one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.cuda.array import DeviceArray, answers, normal
from minigrad.cuda.elementwise import converted, copy_into
from minigrad.cuda.layout import Ints
from minigrad.cuda.memory import empty, full, zeros
from minigrad.remote import Remote, mixed

Axis = int | tuple[int, ...] | None


@answers(np.shape)
def shape(x: DeviceArray) -> Ints:
    """Length of each axis."""
    return x.shape


@answers(np.ndim)
def ndim(x: DeviceArray) -> int:
    """Number of axes."""
    return x.ndim


@answers(np.size)
def size(x: DeviceArray, axis: int | None = None) -> int:
    """Number of entries."""
    return x.size if axis is None else x.shape[axis]


@answers(np.empty_like)
def empty_like(x: DeviceArray, dtype: Any = None, shape: Any = None, **_: Any) -> DeviceArray:
    """An array as x is, with whatever stood in its memory."""
    return empty(x.shape if shape is None else shape, dtype or x.dtype)


@answers(np.zeros_like)
def zeros_like(x: DeviceArray, dtype: Any = None, shape: Any = None, **_: Any) -> DeviceArray:
    """Zeros."""
    return full(x.shape if shape is None else shape, 0, dtype or x.dtype)


@answers(np.ones_like)
def ones_like(x: DeviceArray, dtype: Any = None, shape: Any = None, **_: Any) -> DeviceArray:
    """Ones."""
    return full(x.shape if shape is None else shape, 1, dtype or x.dtype)


@answers(np.full_like)
def full_like(x: DeviceArray, value: Any, dtype: Any = None, shape: Any = None, **_: Any) -> DeviceArray:
    """One number everywhere."""
    return full(x.shape if shape is None else shape, value, dtype or x.dtype)


@answers(np.ascontiguousarray)
def in_order(x: DeviceArray, dtype: Any = None) -> DeviceArray:
    """In C order, a copy only where it is not."""
    return x if x.contiguous and dtype in (None, x.dtype) else converted(x, dtype or x.dtype)


@answers(np.reshape)
def reshape(x: DeviceArray, shape: Any, **_: Any) -> DeviceArray:
    """Another shape of as many entries."""
    return x.reshape(shape)


@answers(np.ravel)
def ravel(x: DeviceArray, **_: Any) -> DeviceArray:
    """Flat."""
    return x.reshape(-1)


@answers(np.transpose)
def transpose(x: DeviceArray, axes: Any = None) -> DeviceArray:
    """The axes in another order."""
    return x.transpose(axes)


@answers(np.moveaxis)
def moveaxis(x: DeviceArray, source: int, destination: int) -> DeviceArray:
    """One axis elsewhere."""
    (start,), (end,) = normal(source, x.ndim), normal(destination, x.ndim)
    order = [i for i in range(x.ndim) if i != start]
    order.insert(end, start)
    return x.transpose(tuple(order))


@answers(np.squeeze)
def squeeze(x: DeviceArray, axis: Axis = None) -> DeviceArray:
    """Without axes of length 1."""
    gone = tuple(i for i, n in enumerate(x.shape) if n == 1) if axis is None else normal(axis, x.ndim)
    if any(x.shape[i] != 1 for i in gone):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return x.reshape(tuple(n for i, n in enumerate(x.shape) if i not in gone))


@answers(np.expand_dims)
def expand_dims(x: DeviceArray, axis: Any) -> DeviceArray:
    """With axes of length 1, at these places of the result."""
    many = (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    places = normal(many, x.ndim + len(many))
    lengths = iter(x.shape)
    return x.reshape(tuple(1 if i in places else next(lengths) for i in range(x.ndim + len(many))))


@answers(np.broadcast_to)
def broadcast_to(x: DeviceArray, shape: Any, **_: Any) -> DeviceArray:
    """A view in which entries stand many times."""
    return x.broadcast_to(shape)


@answers(np.flip)
def flip(x: DeviceArray, axis: Axis = None) -> DeviceArray:
    """Axes from their ends."""
    turned = tuple(range(x.ndim)) if axis is None else normal(axis, x.ndim)
    return x[tuple(slice(None, None, -1) if i in turned else slice(None) for i in range(x.ndim))]


@answers(np.concatenate)
def concatenate(xs: Sequence[Any], axis: int = 0, **_: Any) -> DeviceArray:
    """Arrays one after the other along an axis."""
    _all_here("concat", xs)
    if not xs[0].ndim:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    (along,) = normal(axis, xs[0].ndim)
    first = xs[0].shape
    for x in xs:
        if x.ndim != len(first) or any(
            n != m for i, (n, m) in enumerate(zip(x.shape, first, strict=True)) if i != along
        ):
            raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")
    ends = np.cumsum([x.shape[along] for x in xs]).tolist()
    made = empty((*first[:along], ends[-1], *first[along + 1 :]), np.result_type(*(x.dtype for x in xs)))
    for x, end in zip(xs, ends, strict=True):
        part = slice(end - x.shape[along], end)
        copy_into(made[(slice(None),) * along + (part,)], x)
    return made


@answers(np.stack)
def stack(xs: Sequence[Any], axis: int = 0, **_: Any) -> DeviceArray:
    """Arrays along a new axis."""
    if not xs:
        raise ValueError("need at least one array to stack")
    _all_here("stack", xs)
    if len({x.shape for x in xs}) > 1:
        raise ValueError("all input arrays must have the same shape")
    (along,) = normal(axis, xs[0].ndim + 1)
    shape = xs[0].shape
    made = empty((*shape[:along], len(xs), *shape[along:]), np.result_type(*(x.dtype for x in xs)))
    for i, x in enumerate(xs):
        copy_into(made[(slice(None),) * along + (i,)], x)
    return made


def _all_here(what: str, xs: Sequence[Any]) -> None:
    if not all(isinstance(x, Remote) for x in xs):
        raise mixed(what, *xs)


@answers(np.split)
def split(x: DeviceArray, sections: Any, axis: int = 0) -> list[DeviceArray]:
    """Parts of an array, as views: so many equal ones, or cut before these places."""
    (along,) = normal(axis, x.ndim)
    n = x.shape[along]
    try:
        cuts = [operator.index(c) for c in sections]
    except TypeError:
        count = operator.index(sections)
        if n % count:
            raise ValueError("array split does not result in an equal division") from None
        cuts = list(range(n // count, n, n // count)) if n else [0] * (count - 1)
    ends = [*cuts, n]
    return [x[(slice(None),) * along + (slice(a, b),)] for a, b in zip([0, *cuts], ends, strict=True)]


@answers(np.clip)
def clip(x: DeviceArray, low: Any = None, high: Any = None, out: Any = None, **_: Any) -> DeviceArray:
    """Between two bounds, either of which may be None."""
    y = x if low is None else np.maximum(x, low)
    y = y if high is None else np.minimum(y, high)
    return y.copy() if y is x else y


@answers(np.array_equal)
def array_equal(a: Any, b: Any, equal_nan: bool = False) -> bool:
    """Whether all entries are the same. The answer comes to the host, which waits for it."""
    if a.shape != b.shape:
        return False
    same = np.equal(a, b)
    if equal_nan and a.dtype.kind == "f":
        same = np.logical_or(same, np.logical_and(np.not_equal(a, a), np.not_equal(b, b)))
    return bool(np.all(same))


def padded(x: DeviceArray, pairs: Sequence[tuple[int, int]]) -> DeviceArray:
    """Zeros before and after, along each axis."""
    made = zeros(tuple(n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)), x.dtype)
    copy_into(made[tuple(slice(b, b + n) for n, (b, _) in zip(x.shape, pairs, strict=True))], x)
    return made
