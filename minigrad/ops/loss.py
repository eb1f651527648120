"""From scores to probabilities to a loss, without overflow on the way. Losses are in nats."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.devices import beside, uploaded
from minigrad.errors import ShapeError
from minigrad.graph import Array, Op
from minigrad.kernels import WORTH_A_KERNEL, softmax_loss, softmax_loss_gradient, suited
from minigrad.ops.elementwise import exp
from minigrad.ops.reduce import mean, sum
from minigrad.ops.samples import shapes
from minigrad.ops.table import composed, constant, op
from minigrad.remote import Remote

_SCORES = [shapes((4,)), shapes((2, 3)), shapes((2, 3, 2), constants=(1,)), shapes((3, 2), constants=(0,))]


def _log_softmax(x: Array, axis: int = -1) -> Array:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


log_softmax = op(
    "log_softmax",
    _log_softmax,
    lambda g, y, axis: g - exp(y) * sum(g, axis, True),
    samples=_SCORES,
)
softmax = op(
    "softmax",
    _softmax,
    lambda g, y, axis: y * (g - sum(g * y, axis, True)),
    samples=_SCORES,
)


def one_hot(ids: Array, width: int, dtype: Any) -> Array:
    """1 at each id, 0 elsewhere, along a new last axis. Ids (...), result (..., width)."""
    if isinstance(ids, Remote):
        return (ids[..., None] == beside(np.arange(width), ids)).astype(dtype)
    return (np.asarray(ids)[..., None] == np.arange(width)).astype(dtype)


def _beside(ids: Any, logits: Any) -> Any:
    """The ids where the scores lie."""
    scores = constant(logits)
    return uploaded(np.asarray(ids)) if isinstance(scores, Remote) and not isinstance(ids, Remote) else ids


def _check_ids(logits: Array, ids: Any) -> Array:
    ids, classes = np.asarray(ids), logits.shape[-1]
    if ids.shape != logits.shape[:-1] or (ids.size and not 0 <= ids.min() <= ids.max() < classes):
        # NumPy would repeat the ids, or count from the end
        raise ValueError(f"ids of shape {ids.shape} must be {logits.shape[:-1]}, and each from 0 to {classes - 1}")
    return ids


def _from_log_softmax(logits: Array, ids: Array) -> Array:
    picked = np.take_along_axis(_log_softmax(logits), _check_ids(logits, ids)[..., None], axis=-1)
    return np.asarray(-np.mean(picked), dtype=logits.dtype)


_ROWS = [
    shapes((3, 4), constants=(np.array([1, 3, 1]),)),
    shapes((2, 2, 3), constants=(np.array([[0, 2], [1, 1]]),)),
    shapes((4,), constants=(np.array(2),)),
]

# [DLB 10.2.2 eq. 17 of seed 001], divided by the number of tokens because the mean is taken.
_in_numpy = Op(
    "cross_entropy_by_softmax",
    _from_log_softmax,
    lambda g, logits, ids: (
        g * ((softmax(logits) - one_hot(_beside(ids, logits), logits.shape[-1], logits.dtype)) / np.size(ids))
    ),
)


def _cross_entropy(logits: Array, ids: Array) -> tuple[Array, Array]:
    ids = _check_ids(logits, ids)
    if logits.size < WORTH_A_KERNEL or not suited(logits):
        return _from_log_softmax(logits, ids), _softmax(logits)
    p, total = softmax_loss(logits.reshape(-1, logits.shape[-1]), ids.reshape(-1))
    return np.asarray(total / ids.size, dtype=logits.dtype), p


def _scores(g: Array, kept: Array, logits: Array, ids: Array) -> tuple[Array]:
    ids = np.asarray(ids)
    scale = g / ids.size
    if logits.size < WORTH_A_KERNEL or not suited(logits):
        return (scale * (kept - one_hot(ids, logits.shape[-1], logits.dtype)),)
    return (softmax_loss_gradient(scale, kept, ids.reshape(-1)).reshape(logits.shape),)


cross_entropy = op(
    "cross_entropy", _cross_entropy, joint=_scores, keeps=True, fresh=True, definition=_in_numpy, samples=_ROWS
)


@composed(samples=[shapes((3,), (3,)), shapes((2, 3), (2, 3)), shapes((), ())])
def mse_loss(prediction: Any, target: Any) -> Any:
    """The mean of (prediction − target)². Shapes must be equal: (N, 1) against (N,) would compare all with all."""
    if np.shape(prediction) != np.shape(target):
        raise ShapeError(
            f"mse_loss: shapes {np.shape(prediction)} and {np.shape(target)} do not fit; reshape one to the other's"
        )
    error = prediction - target
    return mean(error * error)
