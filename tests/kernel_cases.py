"""What the tests of compiled kernels share: functions that are for kernels only, over arrays; threads for a while."""

from contextlib import contextmanager

import numpy as np

from minigrad.kernels import threads
from minigrad.kernels.compiling import kernel
from minigrad.kernels.simd import largest, total
from minigrad.kernels.vector import exp, sigmoid, tanh

DTYPES = (np.float32, np.float64)


@kernel(noalias=True)
def _functions(x, e, t, s):
    for i in range(x.size):
        e[i] = exp(x[i])
    for i in range(x.size):
        t[i] = tanh(x[i])
    for i in range(x.size):
        s[i] = sigmoid(x[i])


def functions(x):
    """exp, tanh and the logistic function of a flat array, each from a loop of its own, by name."""
    results = {name: np.full_like(x, 99) for name in ("exp", "tanh", "sigmoid")}
    _functions(x, *results.values())
    return results


@kernel
def _folds(array, at, n, out):
    out[0] = total(array, at, n)
    out[1] = largest(array, at, n)


def folds(array, at, n):
    """The sum and the largest of n numbers of a flat array from a place on."""
    out = np.full(2, 99, array.dtype)
    _folds(array, at, n, out)
    return out


@contextmanager
def in_threads(n):
    """Within, kernels run in n threads."""
    before, threads._chosen = threads._chosen, None
    try:
        threads.set_num_threads(n)
        yield
    finally:
        threads._chosen = before


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def rounding(dtype, terms, magnitudes):
    """What a sum of so many products may err by, in whatever order: `magnitudes` is the same sum of their sizes."""
    return (terms + 4) * np.finfo(dtype).eps * np.asarray(magnitudes, dtype=np.float64) + 2 * np.finfo(dtype).tiny


def strangely_laid(array, how):
    """The same numbers in other memory: their order turned, gaps between them, or a view into something greater."""
    if how == "as it is":
        return array
    if how == "turned":
        return np.asfortranarray(array)
    if how == "with gaps":
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    wide = np.full(tuple(n + 3 for n in array.shape), np.nan, array.dtype)
    wide[tuple(slice(1, n + 1) for n in array.shape)] = array[tuple(slice(None, None, -1) for _ in array.shape)]
    return wide[tuple(slice(n, 0, -1) for n in array.shape)]  # backwards in every axis


LAYOUTS = ("as it is", "turned", "with gaps", "backwards")
