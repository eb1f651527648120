"""Shapes and strides, counted in entries: which views there are of an array, and in how few axes it can be walked."""

from __future__ import annotations

import math
from functools import lru_cache
from operator import index as integer
from typing import Any, NamedTuple

Ints = tuple[int, ...]


class View(NamedTuple):
    """A part of an array: its shape, strides, and where it begins."""

    shape: Ints
    strides: Ints
    offset: int


@lru_cache(maxsize=4096)
def row_major(shape: Ints) -> Ints:
    """The strides of an array in C order."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


@lru_cache(maxsize=4096)
def in_order(shape: Ints, strides: Ints) -> bool:
    """Whether the entries lie one after the other in C order."""
    step = 1
    for n, s in zip(reversed(shape), reversed(strides), strict=True):
        if n == 0:
            return True
        if n != 1 and s != step:
            return False
        step *= n
    return True


def broadcast(shape: Ints, strides: Ints, wide: Ints) -> Ints:
    """The strides with which an array of `shape` is read as one of shape `wide`; ValueError if it is none."""
    lead = len(wide) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, wide[lead:], strict=True)):
        raise ValueError(f"shape {shape} cannot be broadcast to {wide}")
    return (0,) * lead + tuple(0 if n == 1 else s for n, s in zip(shape, strides, strict=True))


def together(*shapes: Ints) -> Ints:
    """The shape to which all broadcast; ValueError if there is none."""
    axes = max(map(len, shapes), default=0)
    padded = [(1,) * (axes - len(s)) + s for s in shapes]
    wide = []
    for lengths in zip(*padded, strict=True):
        others = {n for n in lengths if n != 1}
        if len(others) > 1:
            raise ValueError("operands could not be broadcast together")
        wide.append(others.pop() if others else 1)
    return tuple(wide)


def merged(shape: Ints, *all_strides: Ints) -> tuple[Ints, list[Ints]]:
    """The same walk in as few axes as it takes: axes of length 1 go, and two that follow on each other become one."""
    kept: list[tuple[int, Ints]] = []
    for n, steps in zip(shape, zip(*all_strides, strict=True), strict=True):
        if n == 1:
            continue
        if kept and all(outer == n * inner for outer, inner in zip(kept[-1][1], steps, strict=True)):
            kept[-1] = kept[-1][0] * n, steps
        else:
            kept.append((n, steps))
    if not kept:
        return (1,), [(0,)] * len(all_strides)
    return tuple(n for n, _ in kept), [tuple(s[k] for _, s in kept) for k in range(len(all_strides))]


@lru_cache(maxsize=4096)
def reshaped(shape: Ints, strides: Ints, new: Ints) -> Ints | None:
    """The strides of the view with the new shape, of as many entries; None if only a copy has that shape."""
    if in_order(shape, strides):
        return row_major(new)
    old, (steps,) = merged(shape, strides)
    found: list[int] = []
    at, left = len(old) - 1, old[-1]
    step = steps[-1]
    for n in reversed(new):
        if n == 1:
            found.append(step)
            continue
        if left == 1 and at > 0:
            at -= 1
            left, step = old[at], steps[at]
        if left % n:
            return None
        found.append(step)
        left //= n
        step *= n
    return tuple(reversed(found))


def whole_shape(size: int, new: Any) -> Ints:
    """The shape asked for, with −1 replaced by what is left; ValueError if it does not hold `size` entries."""
    wanted = tuple(map(integer, new)) if isinstance(new, tuple | list) else (integer(new),)
    if wanted.count(-1) > 1:
        raise ValueError("can only specify one unknown dimension")
    if -1 in wanted:
        rest = -math.prod(wanted)
        if rest == 0 or size % rest:
            raise ValueError(f"cannot reshape array of size {size} into shape {wanted}")
        wanted = tuple(size // rest if n == -1 else n for n in wanted)
    if math.prod(wanted) != size or min(wanted, default=0) < 0:
        raise ValueError(f"cannot reshape array of size {size} into shape {wanted}")
    return wanted


def basic(where: tuple[Any, ...]) -> bool:
    """Whether an index is made of numbers, slices, None and dots alone, and so gives a view."""
    return all(p is None or p is ... or isinstance(p, slice) or _number(p) for p in where)


def _number(part: Any) -> bool:
    return part.__class__ is not bool and getattr(part, "ndim", None) in (None, 0) and _as_number(part) is not None


def _as_number(part: Any) -> int | None:
    try:
        return integer(part)
    except TypeError:
        return None


def picked(view: View, where: tuple[Any, ...]) -> View:
    """The view that a basic index gives; IndexError as NumPy raises it."""
    shape, strides, offset = view
    named = sum(p is not None and p is not ... for p in where)
    if named > len(shape):
        raise IndexError(f"too many indices: the array has {len(shape)} axes, but {named} were indexed")
    if where.count(...) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    rest = (slice(None),) * (len(shape) - named)
    at = where.index(...) if ... in where else len(where)
    where = (*where[:at], *rest, *where[at + 1 :])
    new_shape: list[int] = []
    new_strides: list[int] = []
    axis = 0
    for part in where:
        if part is None:
            new_shape.append(1)
            new_strides.append(0)
            continue
        n, s = shape[axis], strides[axis]
        if isinstance(part, slice):
            first, _, step = part.indices(n)
            length = len(range(*part.indices(n)))
            offset += first * s if length else 0
            new_shape.append(length)
            new_strides.append(s * step)
        else:
            place = integer(part)
            if not -n <= place < n:
                raise IndexError(f"index {place} is out of bounds for axis {axis} with size {n}")
            offset += (place % n) * s
        axis += 1
    return View(tuple(new_shape), tuple(new_strides), offset)
