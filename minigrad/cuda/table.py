"""Which op is computed by what on the GPU. An op that is not here and whose function asks NumPy for numbers is refused.

A ufunc, or a function that is written in NumPy's words alone, comes back through NumPy's protocols (`array`), and
stands here as itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import index as integer
from typing import Any

import numpy as np

from minigrad.cuda import arrange, convolution, indexing, reduce, scalars, softmax
from minigrad.cuda.array import DeviceArray
from minigrad.cuda.elementwise import plain, raw, two
from minigrad.cuda.products import product


def _sigmoid(x: DeviceArray) -> DeviceArray:
    return two(scalars.logistic, x, 0.5, x.dtype, x.dtype)


def _var(x: DeviceArray, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> DeviceArray:
    n = reduce.entries(x.shape, axis)
    if n <= ddof:
        raise ValueError(f"the variance of {n} numbers with ddof={ddof} is 0/0; give more")
    return reduce.var(x, axis, keepdims, ddof)


def _norm(x: DeviceArray, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(reduce.squares(x, axis, keepdims))


def _linear(x: DeviceArray, w: DeviceArray, b: DeviceArray | None) -> DeviceArray:
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1] or (b is not None and b.shape != w.shape[:1]):
        raise ValueError(
            "the last axes of x and of the weight must be equally long, and the bias as the weight's first"
        )
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    bias = None if b is None else _at_start(plain(b))
    return product(rows, w, transpose_b=True, bias=bias).reshape((*x.shape[:-1], len(w)))


def _at_start(b: DeviceArray) -> DeviceArray:
    return DeviceArray(raw(b), b.shape, b.dtype, base=b) if b.offset else b


def _linear_gradients(
    g: DeviceArray, x: DeviceArray, w: DeviceArray, b: DeviceArray | None, wanted: tuple[bool, ...]
) -> tuple[Any, ...]:
    rows, received = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), g.reshape(math.prod(x.shape[:-1]), len(w))
    db = None if b is None else received.sum(axis=0)
    dx = product(received, w).reshape(x.shape) if wanted[0] else None
    return dx, product(received, rows, transpose_a=True), db


def _pad(x: DeviceArray, widths: Any) -> DeviceArray:
    pairs = [(integer(before), integer(after)) for before, after in np.broadcast_to(widths, (x.ndim, 2))]
    if any(n < 0 for pair in pairs for n in pair):
        raise ValueError("give widths of at least 0; to cut entries off, index")
    return arrange.padded(x, pairs)


def _take(x: DeviceArray, ids: Any) -> DeviceArray:
    if getattr(ids, "dtype", np.asarray(0).dtype).kind == "b":
        raise TypeError("ids are truth values; give integers, or index with the mask")
    return indexing.take(x, ids, 0)


def _assign(x: DeviceArray, value: Any, where: Any) -> DeviceArray:
    out = x.copy()
    out[where] = value
    return out


def _unstack(x: DeviceArray, axis: int = 0) -> tuple[DeviceArray, ...]:
    return tuple(x if axis == 0 and x.ndim else arrange.moveaxis(x, axis, 0))


LAUNCHERS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.true_divide,
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "abs": np.absolute,
    "relu": lambda x: np.maximum(x, 0),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "clip": arrange.clip,
    "where": lambda a, b, cond: np.where(cond, a, b),
    "sum": lambda x, axis=None, keepdims=False: reduce.total(x, axis, keepdims=keepdims),
    "mean": lambda x, axis=None, keepdims=False: reduce.mean(x, axis, keepdims=keepdims),
    "var": _var,
    "norm": _norm,
    "max": lambda x, axis=None, keepdims=False: reduce.greatest(x, axis, keepdims=keepdims),
    "min": lambda x, axis=None, keepdims=False: reduce.least(x, axis, keepdims=keepdims),
    "cumsum": reduce.cumsum,
    "logsumexp": softmax.logsumexp,
    "softmax": softmax.softmax,
    "log_softmax": softmax.log_softmax,
    "cross_entropy": softmax.cross_entropy,
    "cross_entropy_by_softmax": lambda logits, ids: softmax.cross_entropy(logits, ids)[0],
    "matmul": np.matmul,
    "linear": _linear,
    "reshape": arrange.reshape,
    "transpose": arrange.transpose,
    "squeeze": arrange.squeeze,
    "expand_dims": arrange.expand_dims,
    "broadcast_to": arrange.broadcast_to,
    "flip": arrange.flip,
    "stack": arrange.stack,
    "unstack": _unstack,
    "concat": arrange.concatenate,
    "split": lambda x, sections, axis=0: tuple(arrange.split(x, sections, axis)),
    "pad": _pad,
    "power": lambda x, exponent: x**exponent,
    "index": lambda x, where: x[where],
    "unindex": indexing.unindex,
    "take": _take,
    "untake": indexing.untake,
    "assign": _assign,
    "erase": lambda x, where: _assign(x, 0, where),
    "conv1d": convolution.conv1d,
    "conv1d_input": convolution.conv1d_input,
    "conv1d_weight": convolution.conv1d_weight,
}

# From the cotangent of an op's output to those of its inputs, where another way than its rule takes fewer launches.
# Parameters are named as a rule's are.
BACKWARDS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "linear": _linear_gradients,
    "cross_entropy": softmax.cross_entropy_gradient,
    "softmax": softmax.softmax_gradient,
}
