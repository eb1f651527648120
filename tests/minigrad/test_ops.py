"""Every op of the table, on every sample it brings: add an op and these tests are its tests.

The one thing to write here for a new op is its reference: the same function stated another way.
"""

import math

import numpy as np
import pytest

from minigrad import Tensor, differences, grad, gradcheck, ops, relative_error
from minigrad.ops import TABLE

CASES = [pytest.param(op, k, id=f"{name}-{k}") for name, op in TABLE.items() for k in range(len(op.samples))]
every_sample = pytest.mark.parametrize(("op", "k"), CASES)


def drawn(op, k):
    """Sample k of an op: its input arrays, its constants, and a function of tensors that applies it."""
    args = op.samples[k](np.random.default_rng(k))
    arrays, constants = (args[0], args[1:]) if op.variadic else (args[: op.n_inputs], args[op.n_inputs :])

    def f(*xs):
        result = op(list(xs), *constants) if op.variadic else op(*xs, *constants)
        return ops.stack(result) if op.many else result

    return [np.asarray(a) for a in arrays], constants, f


def leaves(arrays, dtype=np.float64):
    return [Tensor(a, requires_grad=True, dtype=dtype) for a in arrays]


def cotangent(f, arrays):
    return np.random.default_rng(7).standard_normal(f(*leaves(arrays)).shape)


# References: plain Python wherever that is not longer than NumPy


def each(function):
    """A function of numbers, over arrays that broadcast."""

    def reference(*arrays):
        full = np.broadcast_arrays(*arrays)
        return np.array([function(*map(float, xs)) for xs in zip(*(a.ravel() for a in full), strict=True)]).reshape(
            full[0].shape
        )

    return reference


def along(function):
    """A function from a list of numbers to a number, along axes as NumPy's `axis` and `keepdims` have it."""

    def reference(x, axis=None, keepdims=False):
        axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis))
        kept = [1 if i in axes else n for i, n in enumerate(x.shape)]
        out = np.empty(kept)
        for where in np.ndindex(*kept):
            out[where] = function(
                x[tuple(slice(None) if i in axes else j for i, j in enumerate(where))].ravel().tolist()
            )
        return out if keepdims else out.reshape([n for i, n in enumerate(x.shape) if i not in axes])

    return reference


def normalised(function):
    """A function from a list of numbers to as many numbers, along one axis."""
    return lambda x, axis=-1: np.apply_along_axis(lambda v: function(v.tolist()), axis, x)


def log_total(v):
    return math.log(math.fsum(map(math.exp, v)))


def positions(shape, where):
    """The flat place of every entry that an index picks."""
    return np.arange(math.prod(shape)).reshape(shape)[where]


def put(x, full, where):
    out = np.zeros(full)
    for p, value in zip(positions(full, where).ravel(), x.ravel(), strict=True):
        out.flat[p] += value
    return out


def mean_of_losses(logits, ids):
    rows = logits.reshape(-1, logits.shape[-1]).tolist()
    return math.fsum(log_total(v) - v[i] for v, i in zip(rows, ids.ravel(), strict=True)) / len(rows)


def product(a, b):
    return (a[..., :, :, None] * b[..., None, :, :]).sum(-2)


def permuted(x, axes=None):
    axes = tuple(reversed(range(x.ndim))) if axes is None else axes
    out = np.empty([x.shape[a] for a in axes])
    for where in np.ndindex(*x.shape):
        out[tuple(where[a] for a in axes)] = x[where]
    return out


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
    "sum": along(math.fsum),
    "logsumexp": along(log_total),
    "softmax": normalised(lambda v: [math.exp(s - log_total(v)) for s in v]),
    "log_softmax": normalised(lambda v: [s - log_total(v) for s in v]),
    "cross_entropy": mean_of_losses,
    "matmul": product,
    "reshape": lambda x, new: np.array(x.ravel().tolist()).reshape(new),
    "transpose": permuted,
    "broadcast_to": lambda x, new: np.zeros(new) + x,
    "stack": lambda xs, axis=0: np.concatenate([np.expand_dims(x, axis) for x in xs], axis=axis),
    "unstack": lambda x, axis=0: [x.take(i, axis=axis) for i in range(x.shape[axis])],
    "index": lambda x, where: x.ravel()[positions(x.shape, where)],
    "unindex": put,
    "take": lambda x, ids: np.array([x[i] for i in ids.ravel()]).reshape(ids.shape + x.shape[1:]),
    "untake": lambda x, ids, rows: put(x, (rows, *x.shape[ids.ndim :]), ids),
}


def test_every_op_has_samples_and_a_reference():
    assert TABLE.keys() == REFERENCES.keys()
    assert [name for name, op in TABLE.items() if not op.samples] == []
    assert all(name == op.name for name, op in TABLE.items())


@every_sample
def test_forward_equals_its_reference(op, k):
    arrays, constants, f = drawn(op, k)
    reference = REFERENCES[op.name]
    expected = reference(arrays, *constants) if op.variadic else reference(*arrays, *constants)
    assert relative_error(f(*leaves(arrays)).data, np.asarray(expected)) < 1e-13


@every_sample
def test_plain_arrays_give_a_plain_array(op, k):
    args = op.samples[k](np.random.default_rng(k))
    arrays, _, f = drawn(op, k)
    result = op(*args)
    assert not isinstance(result, Tensor)
    np.testing.assert_array_equal(np.stack(result) if op.many else result, f(*leaves(arrays)).data)


@every_sample
def test_gradients_equal_differences_to_second_order(op, k):
    arrays, _, f = drawn(op, k)
    if sum(a.size for a in arrays):
        assert gradcheck(f, arrays, order=2) < 1e-6


@every_sample
def test_both_modes_of_the_rule_agree(op, k):
    arrays, _, f = drawn(op, k)
    seed, xs = cotangent(f, arrays), leaves(arrays)
    plain = grad(f(*xs), xs, seed=seed)
    recorded = grad(f(*xs), xs, seed=seed, create_graph=True)
    for x, p, r in zip(xs, plain, recorded, strict=True):
        assert p.shape == r.shape == x.shape
        assert relative_error(p.data, r.data) < 1e-13


@every_sample
@pytest.mark.parametrize("create_graph", [False, True])
def test_float32_stays_float32_and_near_float64(op, k, create_graph):
    arrays, _, f = drawn(op, k)
    seed = cotangent(f, arrays)
    results = []
    for dtype in (np.float32, np.float64):
        xs = leaves(arrays, dtype)
        y = f(*xs)
        found = [y, *grad(y, xs, seed=seed.astype(dtype), create_graph=create_graph)]
        assert {t.dtype for t in found} == {np.dtype(dtype)}
        results.append(found)
    for low, high in zip(*results, strict=True):
        assert relative_error(low.data, high.data) < 1e-5


@every_sample
def test_forward_mode_by_two_backward_passes_equals_differences(op, k):
    """u ↦ ⟨rule(u), v⟩ is linear, and its gradient is the directional derivative along v."""
    arrays, _, f = drawn(op, k)
    rng = np.random.default_rng(11)
    directions = [rng.standard_normal(a.shape) for a in arrays]
    xs = leaves(arrays)
    u = Tensor(cotangent(f, arrays), requires_grad=True)
    back = grad(f(*xs), xs, create_graph=True, seed=u)
    jvp = grad(sum((g * v).sum() for g, v in zip(back, directions, strict=True)), u).data
    moved = differences(
        lambda s: f(*leaves(a + s * v for a, v in zip(arrays, directions, strict=True))).data, np.zeros(())
    )
    assert relative_error(jvp, moved) < 1e-8


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_a_tensor_used_twice_gets_both_parts(op):
    """x op x + exp(x) of two inputs (x − x alone feels nothing), op(x) · op(x) of one."""
    if op.variadic or op.n_inputs == 2:
        x = np.random.default_rng(3).uniform(0.5, 2, (3, 3))
        gradcheck(lambda t: (op([t, t]) if op.variadic else op(t, t)) + ops.exp(t), [x], order=2)
    else:
        arrays, _, f = drawn(op, 0)
        gradcheck(lambda *xs: f(*xs) * f(*xs), arrays, order=2)


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_forward_writes_on_no_input_and_repeats_itself(op):
    for k in range(len(op.samples)):
        arrays, _, f = drawn(op, k)
        xs, before = leaves(arrays), [a.copy() for a in arrays]
        seed = cotangent(f, arrays)
        y = f(*xs)
        first = grad(y, xs, seed=seed, retain_graph=True)
        again = grad(y, xs, seed=seed)
        assert all(np.array_equal(x.data, b) for x, b in zip(xs, before, strict=True))
        assert all(np.array_equal(a.data, b.data) for a, b in zip(first, again, strict=True))


def test_a_name_is_entered_once():
    with pytest.raises(ValueError, match="has an op named tanh"):
        ops.op("tanh", np.tanh, lambda g: g)
