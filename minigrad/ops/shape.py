"""The same numbers in another arrangement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.samples import sequence, shapes
from minigrad.ops.table import op

reshape = op(
    "reshape",
    lambda x, new: np.reshape(x, new),
    lambda g, shape: g.reshape(shape),
    samples=[shapes((2, 3), constants=((3, 2),)), shapes((2, 3), constants=(-1,)), shapes((), constants=((1, 1),))],
)


def _transpose(x: Array, axes: tuple[int, ...] | None = None) -> Array:
    return np.transpose(x, axes)


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


transpose: Op = op(
    "transpose",
    _transpose,
    lambda g, axes: transpose(g, _inverse(axes)),
    samples=[
        shapes((2, 3)),
        shapes((2, 3, 4), constants=((1, 2, 0),)),
        shapes((2, 3, 4), constants=((-1, 0, 1),)),
        shapes((3,)),
    ],
)


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    return transpose(x, (*range(x.ndim - 2), -1, -2))


# The engine undoes broadcasting for every rule, so the cotangent goes back as it is.
broadcast_to = op(
    "broadcast_to",
    lambda x, new: np.broadcast_to(x, new),
    lambda g: g,
    samples=[shapes((3,), constants=((2, 3),)), shapes((2, 1), constants=((4, 2, 3),)), shapes((), constants=((2,),))],
)


def _stack(xs: Sequence[Array], axis: int = 0) -> Array:
    return np.stack(xs, axis)


def _unstack(x: Array, axis: int = 0) -> tuple[Array, ...]:
    return tuple(np.moveaxis(x, axis, 0))


stack = op(
    "stack",
    _stack,
    joint=lambda g, axis: unstack(g, axis),
    variadic=True,
    samples=[sequence((2, 3), (2, 3)), sequence((2,), (2,), (2,), constants=(-1,)), sequence((), ())],
)
unstack: Op = op(
    "unstack",
    _unstack,
    lambda g, axis: stack(g, axis),
    many=True,
    samples=[shapes((3, 2)), shapes((2, 3), constants=(1,)), shapes((2, 3, 2), constants=(-1,)), shapes((1, 2))],
)
