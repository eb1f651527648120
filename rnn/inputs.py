"""The forms that a layer's input, lengths and state may have, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.devices import settled
from minigrad.graph import Array
from minigrad.remote import Remote
from rnn.errors import RnnError

Lengths = Sequence[int] | Array | Tensor


@dataclass(frozen=True)
class Form:
    """How a layer was called: one sequence without a batch axis, or a batch, time or batch first."""

    single: bool
    batch_first: bool

    def inward(self, x: Any) -> Any:
        """To (T, B, ...)."""
        if self.single:
            return x.reshape(x.shape[0], 1, *x.shape[1:])
        return x.transpose((1, 0, *range(2, x.ndim))) if self.batch_first else x

    def outward(self, y: Tensor) -> Tensor:
        """From (T, B, ·)."""
        if self.single:
            return y.reshape(y.shape[0], y.shape[2])
        return y.transpose((1, 0, 2)) if self.batch_first else y


def check_size(name: str, size: Any, where: str) -> None:
    """A whole number of at least 1."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise RnnError(f"{name} is {size!r}", where, "give a whole number of at least 1")


def arrange(x: Any, width: int, dtype: Any, batch_first: bool, where: str) -> tuple[Any, Form]:
    """x as (T, B, I), or as an array of ids (T, B), and the form it had."""
    data = settled(x.data if isinstance(x, Tensor) else x)
    integer = data.dtype.kind in "iu"
    if not integer and data.dtype.kind != "f":
        raise RnnError(f"the input is of type {data.dtype}", where, "give real numbers, or integers as ids")
    form = Form(data.ndim == (1 if integer else 2), batch_first)
    if data.ndim not in ((1, 2) if integer else (2, 3)):
        axes = "(B, T, I)" if batch_first else "(T, B, I)"
        ids = "(B, T)" if batch_first else "(T, B)"
        raise RnnError(f"the input has shape {data.shape}", where, f"give {axes} or (T, I), or integers {ids} or (T,)")
    if 0 in data.shape:
        raise RnnError(f"the input has shape {data.shape}", where, "give at least one step and one sequence")
    if integer:
        return form.inward(data), form
    if data.shape[-1] != width:
        raise RnnError(f"the input's last axis is {data.shape[-1]}", where, f"give {width}, the input size")
    if data.dtype != dtype:
        raise RnnError(f"the input is {data.dtype}, the layer {np.dtype(dtype)}", where, "convert one of them")
    return form.inward(x if isinstance(x, Tensor) else Tensor(data)), form


def check_ids(ids: Array, real: Array | None, width: int, where: str) -> None:
    """Every id that is not padding lies below `width`. Of a GPU's, which would have to be waited for, what is known."""
    if isinstance(ids, Remote):
        limits = ids.limits if real is None else None
        least, most = limits or (0, 0)
    else:
        read = ids if real is None else ids[real]
        least, most = read.min(), read.max()
    if least < 0 or most >= width:
        raise RnnError(f"ids from {least} to {most}", where, f"give ids from 0 to {width - 1}, the input size less 1")


def arrange_lengths(lengths: Lengths, steps: int, rows: int, where: str) -> Array:
    """Lengths as an array (B,): one whole number from 1 to T for each row."""
    given = np.asarray(lengths.data if isinstance(lengths, Tensor) else lengths)
    if given.dtype.kind not in "iu":
        raise RnnError(f"the lengths are of type {given.dtype}", where, "give whole numbers")
    if given.shape != (rows,):
        count = f"{given.size} lengths" if given.ndim == 1 else f"lengths of shape {given.shape}"
        raise RnnError(f"{count} for {rows} {'row' if rows == 1 else 'rows'}", where, "give one for each sequence")
    if given.min() < 1 or given.max() > steps:
        raise RnnError(
            f"lengths from {given.min()} to {given.max()}", where, f"give lengths from 1 to {steps}, the steps of x"
        )
    return given.astype(np.int64)


def arrange_state(state: Any, names: Sequence[str], shapes: Sequence[tuple[int, ...]], dtype: Any, where: str) -> Any:
    """The parts of a state as tensors, one of each shape: a tensor alone where there is one part."""
    wanted = " and ".join(f"{n} {shape}" for n, shape in zip(names, shapes, strict=True))
    if len(names) == 1 and isinstance(state, tuple):
        raise RnnError(f"the state is a tuple of {len(state)}", where, f"give one tensor, {wanted}")
    if len(names) > 1 and not (isinstance(state, tuple) and len(state) == len(names)):
        given = f"a tuple of {len(state)}" if isinstance(state, tuple) else f"a {type(state).__name__}"
        raise RnnError(f"the state is {given}", where, f"give {len(names)} tensors, {wanted}")
    parts = state if isinstance(state, tuple) else (state,)
    for name, part, shape in zip(names, parts, shapes, strict=True):
        what = f"the state's {name}" if len(names) > 1 else "the state"
        if not isinstance(part, Tensor | np.ndarray):
            raise RnnError(f"{what} is a {type(part).__name__}", where, f"give tensors, {wanted}")
        if part.shape != shape:
            raise RnnError(f"{what} has shape {part.shape}", where, f"give one of shape {shape}")
        if part.dtype != dtype:
            raise RnnError(f"{what} is {part.dtype}, the layer {np.dtype(dtype)}", where, "convert one of them")
    return tuple(part if isinstance(part, Tensor) else Tensor(part) for part in parts)
