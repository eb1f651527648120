"""What every op computes, against the same function stated another way: plain Python wherever that is no longer."""

import math

import numpy as np
import pytest

from minigrad import Tensor, relative_error
from minigrad.ops import COMPOSED, TABLE


def each(function):
    """A function of numbers, over arrays that broadcast."""

    def reference(*arrays):
        full = np.broadcast_arrays(*arrays)
        return np.array(
            [function(*(x.item() for x in xs)) for xs in zip(*(a.ravel() for a in full), strict=True)]
        ).reshape(full[0].shape)

    return reference


def along(function):
    """A function from a list of numbers to a number, along axes as NumPy's `axis` and `keepdims` have it."""

    def reference(x, axis=None, keepdims=False, *rest):
        axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis))
        kept = [1 if i in axes else n for i, n in enumerate(x.shape)]
        out = np.empty(kept)
        for where in np.ndindex(*kept):
            part = x[tuple(slice(None) if i in axes else j for i, j in enumerate(where))]
            out[where] = function(part.ravel().tolist(), *rest)
        return out if keepdims else out.reshape([n for i, n in enumerate(x.shape) if i not in axes])

    return reference


def normalised(function):
    """A function from a list of numbers to as many numbers, along one axis."""
    return lambda x, axis=-1: np.apply_along_axis(lambda v: function(v.tolist()), axis, x)


def log_total(v):
    return math.log(math.fsum(map(math.exp, v)))


def average(v):
    return math.fsum(v) / len(v)


def spread(v, ddof=0):
    """By pairs: the sum of squared distances of all pairs is n times that from the mean."""
    return math.fsum((a - b) ** 2 for i, a in enumerate(v) for b in v[:i]) / len(v) / (len(v) - ddof)


def partial_sums(x, axis=None):
    if axis is None:
        return np.array([math.fsum(x.ravel()[: i + 1]) for i in range(x.size)])
    return np.apply_along_axis(lambda v: [math.fsum(v[: i + 1]) for i in range(len(v))], axis, x)


def positions(shape, where):
    """The flat place of every entry that an index picks."""
    return np.arange(math.prod(shape)).reshape(shape)[where]


def put(x, full, where):
    out = np.zeros(full)
    for p, value in zip(positions(full, where).ravel(), x.ravel(), strict=True):
        out.flat[p] += value
    return out


def written(x, value, where):
    picked = positions(x.shape, where)
    out = x.copy()
    for p, v in zip(picked.ravel(), np.broadcast_to(value, picked.shape).ravel(), strict=True):
        out.flat[p] = v
    return out


def mean_of_losses(logits, ids):
    rows = logits.reshape(-1, logits.shape[-1]).tolist()
    return math.fsum(log_total(v) - v[i] for v, i in zip(rows, ids.ravel(), strict=True)) / len(rows)


def product(a, b):
    rows = a[None] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    full = (rows[..., :, :, None] * columns[..., None, :, :]).sum(-2)
    full = full[..., 0, :] if a.ndim == 1 else full
    return full[..., 0] if b.ndim == 1 else full


def permuted(x, axes=None):
    axes = tuple(reversed(range(x.ndim))) if axes is None else axes
    out = np.empty([x.shape[a] for a in axes])
    for where in np.ndindex(*x.shape):
        out[tuple(where[a] for a in axes)] = x[where]
    return out


def meetings(steps, width, stride, dilation, padding):
    """(output step, weight, input step) of every product in a convolution."""
    last = (steps + sum(padding) - dilation * (width - 1) - 1) // stride
    triples = [(o, k, o * stride + k * dilation - padding[0]) for o in range(last + 1) for k in range(width)]
    return last + 1, [(o, k, t) for o, k, t in triples if 0 <= t < steps]


def convolved(x, w, stride=1, dilation=1, padding=(0, 0)):
    length, triples = meetings(x.shape[2], w.shape[2], stride, dilation, padding)
    y = np.zeros((len(x), len(w), length))
    for b, o in np.ndindex(y.shape[:2]):
        for at, k, t in triples:
            y[b, o, at] += math.fsum(w[o, :, k] * x[b, :, t])
    return y


def spread_back(g, w, steps, stride, dilation, padding):
    x = np.zeros((len(g), w.shape[1], steps))
    for at, k, t in meetings(steps, w.shape[2], stride, dilation, padding)[1]:
        x[:, :, t] += product(g[:, :, at], w[:, :, k])
    return x


def correlated(x, g, width, stride, dilation, padding):
    w = np.zeros((g.shape[1], x.shape[1], width))
    for at, k, t in meetings(x.shape[2], width, stride, dilation, padding)[1]:
        w[:, :, k] += product(g[:, :, at].T, x[:, :, t])
    return w


REFERENCES = {
    "add": each(lambda a, b: a + b),
    "sub": each(lambda a, b: a - b),
    "mul": each(lambda a, b: a * b),
    "div": each(lambda a, b: a / b),
    "neg": each(lambda x: 0 - x),
    "power": lambda x, exponent: each(lambda v: math.exp(exponent * math.log(v)) if v > 0 else v**exponent)(x),
    "exp": each(math.exp),
    "log": each(math.log),
    "sqrt": each(math.sqrt),
    "tanh": each(lambda v: 1 - 2 / (math.exp(2 * v) + 1)),
    "sigmoid": each(lambda v: 1 / (1 + math.exp(-v))),
    "relu": each(lambda v: v if v > 0 else 0.0),
    "abs": each(lambda v: math.sqrt(v * v)),
    "clip": lambda x, low=None, high=None: each(
        lambda v: low if low is not None and v < low else high if high is not None and v > high else v
    )(x),
    "maximum": each(max),
    "minimum": each(min),
    "where": lambda a, b, cond: each(lambda c, x, y: x if c else y)(cond, a, b),
    "sum": along(math.fsum),
    "mean": along(average),
    "var": along(spread),
    "norm": along(lambda v: math.hypot(*v)),
    "max": along(lambda v: sorted(v)[-1]),
    "min": along(lambda v: sorted(v)[0]),
    "cumsum": partial_sums,
    "logsumexp": along(log_total),
    "softmax": normalised(lambda v: [math.exp(s - log_total(v)) for s in v]),
    "log_softmax": normalised(lambda v: [s - log_total(v) for s in v]),
    "cross_entropy": mean_of_losses,
    "mse_loss": lambda a, b: average([(p - q) ** 2 for p, q in zip(a.ravel(), b.ravel(), strict=True)]),
    "matmul": product,
    "einsum": np.einsum,
    "conv1d": convolved,
    "conv1d_input": spread_back,
    "conv1d_weight": correlated,
    "reshape": lambda x, new: np.array(x.ravel().tolist()).reshape(new),
    "squeeze": lambda x, axis=None: x[
        tuple(
            0 if n == 1 and (axis is None or {i, i - x.ndim} & {*np.atleast_1d(axis)}) else slice(None)
            for i, n in enumerate(x.shape)
        )
    ],
    "expand_dims": lambda x, axis: x[{0: (None,), -1: (..., None), (0, -2): (None, slice(None), None)}[axis]],
    "transpose": permuted,
    "matrix_transpose": lambda x: permuted(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)),
    "flip": lambda x, axis=None: x[
        tuple(slice(None, None, -1 if axis is None or i in np.atleast_1d(axis) % x.ndim else 1) for i in range(x.ndim))
    ],
    "broadcast_to": lambda x, new: np.zeros(new) + x,
    "stack": lambda xs, axis=0: np.concatenate([np.expand_dims(x, axis) for x in xs], axis=axis),
    "unstack": lambda x, axis=0: [x.take(i, axis=axis) for i in range(x.shape[axis])],
    "concat": lambda xs, axis=0: np.array([row for x in xs for row in x.swapaxes(0, axis)]).swapaxes(0, axis),
    "split": lambda x, sections, axis=0: [np.array(p) for p in np.array_split(x, sections, axis)],
    "pad": np.pad,
    "index": lambda x, where: x.ravel()[positions(x.shape, where)],
    "unindex": put,
    "assign": written,
    "erase": lambda x, where: written(x, 0.0, where),
    "take": lambda x, ids: np.array([x[i] for i in ids.ravel()]).reshape(ids.shape + x.shape[1:]),
    "untake": lambda x, ids, rows: put(x, (rows, *x.shape[ids.ndim :]), ids),
    "dropout": lambda x, p, rng: each(lambda v, r: v / (1 - p) if r >= p else 0.0)(x, rng.random(x.shape, np.float32)),
}


def test_every_op_has_samples_and_every_reference_an_op():
    assert {**TABLE, **COMPOSED}.keys() >= REFERENCES.keys()
    assert not TABLE.keys() & COMPOSED.keys()
    assert [name for name, op in TABLE.items() if not op.samples] == []
    assert [name for name, (_, samples) in COMPOSED.items() if not samples] == []
    assert all(name == op.name for name, op in TABLE.items())


def laid_end_to_end(result):
    return np.concatenate([np.ravel(r) for r in result]) if isinstance(result, list) else np.asarray(result)


def test_forward_equals_its_reference(case):
    if case.name not in REFERENCES:
        pytest.skip("the function of its entry is its only definition")
    expected = laid_end_to_end(type(case)(case.name, REFERENCES[case.name], case.args).raw(*case.arrays))
    result = case(*case.leaves()).data
    assert result.dtype == np.float64
    assert relative_error(result, expected) < 1e-13


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "cumsum"])
def test_integers_are_computed_as_numpy_computes_them(name):
    x = np.arange(6).reshape(2, 3)
    result = TABLE[name](Tensor(x), 1)
    expected = getattr(np, name)(x, 1)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result.data, expected)
