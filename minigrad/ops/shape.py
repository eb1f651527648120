"""The same numbers in another arrangement. All of these may be views: they share memory with their input."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.samples import shapes
from minigrad.ops.table import composed, op

Axis = int | tuple[int, ...] | None

reshape = op(
    "reshape",
    lambda x, new: np.reshape(x, new),
    lambda g, shape: g.reshape(shape),
    view=True,
    samples=[shapes((2, 3), constants=((3, 2),)), shapes((2, 3), constants=(-1,)), shapes((), constants=((1, 1),))],
)


def _squeeze(x: Array, axis: Axis = None) -> Array:
    return np.squeeze(x, axis)


squeeze = op(
    "squeeze",
    _squeeze,
    lambda g, shape: g.reshape(shape),
    view=True,
    samples=[
        shapes((2, 1, 3, 1)),
        shapes((1, 2, 1), constants=(-1,)),
        shapes((1, 2, 1), constants=((0, 2),)),
        shapes((1, 1)),
    ],
)
expand_dims = op(
    "expand_dims",
    lambda x, axis: np.expand_dims(x, axis),
    lambda g, shape: g.reshape(shape),
    view=True,
    samples=[shapes((2, 3), constants=(axis,)) for axis in (0, -1, (0, -2))] + [shapes((), constants=(0,))],
)


def _transpose(x: Array, axes: tuple[int, ...] | None = None) -> Array:
    return np.transpose(x, axes)


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


transpose: Op = op(
    "transpose",
    _transpose,
    lambda g, axes: transpose(g, _inverse(axes)),
    view=True,
    samples=[
        shapes((2, 3)),
        shapes((2, 3, 4), constants=((1, 2, 0),)),
        shapes((2, 3, 4), constants=((-1, 0, 1),)),
        shapes((3,)),
    ],
)


@composed(samples=[shapes((2, 3)), shapes((3, 1, 2)), shapes((0, 2))])
def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    return transpose(x, (*range(x.ndim - 2), -1, -2))


def _flip(x: Array, axis: Axis = None) -> Array:
    return np.flip(x, axis)


flip: Op = op(
    "flip",
    _flip,
    lambda g, axis: flip(g, axis),
    view=True,
    samples=[shapes((2, 3)), *(shapes((2, 3, 2), constants=(axis,)) for axis in (0, -1, (0, 1))), shapes(())],
)

# The engine undoes broadcasting for every rule, so the cotangent goes back as it is.
broadcast_to = op(
    "broadcast_to",
    lambda x, new: np.broadcast_to(x, new),
    lambda g: g,
    view=True,
    samples=[shapes((3,), constants=((2, 3),)), shapes((2, 1), constants=((4, 2, 3),)), shapes((), constants=((2,),))],
)
