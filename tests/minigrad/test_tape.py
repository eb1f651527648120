"""Tape: the numbers of the graph it was made of, to the bit, for one vector and for batches of any size."""

import gc
import itertools
import math

import numpy as np
import pytest
from golden.make_micrograd import network, spread

from minigrad import Tape, Value, compile, tape
from minigrad.kernels import threads
from minigrad.scalar import OPS
from minigrad.steps import SUMS

ONE = {
    "neg": lambda a: -a,
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
    **{f"power {n}": lambda a, n=n: a**n for n in (0, 1, 2, -1, 0.5, -1.5)},
}
TWO = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}
EDGES = [0.0, -0.0, 1e-320, -1e-200, 0.3, -1.0, 2.0, 40.0, 710.0, -750.0, 1e200, math.inf, -math.inf, math.nan]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def by_values(f, x):
    """f at x, then its gradients there."""
    leaves = [Value(number) for number in x]
    y = f(*leaves)
    y.backward()
    return [y.data, *(leaf.grad for leaf in leaves)]


def compiled(f, n):
    """The tape of f, made at other numbers than it will be asked for."""
    leaves = [Value(0.5 + k) for k in range(n)]
    return compile(f(*leaves), leaves)


def bits(*numbers):
    """What the numbers are made of: −0 is not 0. Every nan counts as the same."""
    flat = np.concatenate([np.ravel(x) for x in numbers]).astype(np.float64)
    return np.where(np.isnan(flat), np.nan, flat).view(np.int64).tolist()


def recurrent(*parameters):
    """−Σ log p(class 1) of a tanh network with 3 units over 4 steps: W (3, 3), U (3, 2), b (3), V (2, 3)."""
    p = iter(parameters)
    W, U, V = ([[next(p) for _ in range(n)] for _ in range(m)] for m, n in ((3, 3), (3, 2), (2, 3)))
    b, h, loss = [next(p) for _ in range(3)], [0.1, -0.2, 0.3], 0.0
    for x in ([1.0, 0.5], [-1.0, 0.0], [0.3, 0.3], [0.0, -2.0]):
        h = [(dot(w, h) + dot(u, x) + c).tanh() for w, u, c in zip(W, U, b, strict=True)]
        scores = [dot(v, h).exp() for v in V]
        loss = loss - (scores[1] / sum(scores)).log()
    return loss


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


N_RECURRENT = 9 + 6 + 6 + 3


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_every_op_gives_the_bits_of_values(name):
    f, n = (ONE[name], 1) if name in ONE else (TWO[name], 2)
    replayed, rows = compiled(f, n), list(itertools.product(EDGES, repeat=n))
    outputs, gradients = replayed(rows)
    for row, output, gradient in zip(rows, outputs, gradients, strict=True):
        expected = bits(by_values(f, row))
        assert bits(output, gradient) == expected, f"in a batch, at {row}"
        assert bits(*replayed(row)) == expected, f"alone, at {row}"


def test_every_op_is_tried_here():
    assert {name.split()[0] for name in (*ONE, *TWO)} == {op.name for op in OPS}


def test_by_hand():
    """f = (a b + 2) / a² at a = 2, b = 3: ∂f/∂a = b/a² − 2(ab + 2)/a³ = −1.25, ∂f/∂b = 1/a = 0.5."""
    replayed = compiled(lambda a, b: (a * b + 2) / a**2, 2)
    output, gradient = replayed([2, 3])
    assert (output, gradient.tolist()) == (2, [-1.25, 0.5])
    assert repr(replayed) == "Tape(2 inputs, 2 constants, 4 nodes)"
    assert len(replayed) == 4


@pytest.mark.parametrize("batch", [0, 1, 2, 7, 8, 9, 31, 32, 33, 100])
@pytest.mark.parametrize("job", [1, 1 << 18])
def test_a_batch_of_any_size_is_its_rows(monkeypatch, batch, job):
    """In jobs of 32 rows and in one; the last eight are rarely full."""
    monkeypatch.setattr(tape, "_JOB", job)
    leaves, loss = network(Value, spread(4), (2, 3, 3, 1))
    replayed = compile(loss, leaves)
    x = np.random.default_rng(batch).uniform(-1, 1, (batch, len(leaves)))
    outputs, gradients = replayed(x)
    assert (outputs.shape, gradients.shape) == ((batch,), x.shape)
    for row, output, gradient in zip(x, outputs, gradients, strict=True):
        assert bits(output, gradient) == bits(*replayed(row))


def test_a_recurrent_network_has_the_bits_of_values():
    replayed, rng = compiled(recurrent, N_RECURRENT), np.random.default_rng(0)
    x = rng.uniform(-1, 1, (11, N_RECURRENT))
    outputs, gradients = replayed(x)
    for row, output, gradient in zip(x, outputs, gradients, strict=True):
        assert bits(output, gradient) == bits(by_values(recurrent, row)) == bits(*replayed(row))


def test_what_comes_from_many_ops_is_added_in_the_order_of_values():
    def f(a, b):
        c = a * b + 1.5
        every = [op(c) for op in ONE.values()] + [op(c, a) for op in TWO.values()] + [op(b, c) for op in TWO.values()]
        return sum(every) * sum(every[::2])

    replayed = compiled(f, 2)
    for x in np.random.default_rng(0).uniform(0.1, 0.9, (50, 2)):
        assert bits(*replayed(x)) == bits(by_values(f, x)) == bits(*(part[8] for part in replayed(np.tile(x, (9, 1)))))


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    monkeypatch.setattr(tape, "_JOB", 1)
    leaves, loss = network(Value, spread(6), (2, 4, 1))
    replayed = compile(loss, leaves)
    x = np.random.default_rng(0).uniform(-1, 1, (150, len(leaves)))
    before, found = threads.num_threads(), []
    for n in (1, 2, 5):
        threads.set_num_threads(n)
        found.append(bits(*replayed(x)))
    threads.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_a_sum_of_products_is_one_step():
    """Sixteen products and their additions, of which nobody else needs a part."""
    replayed = compiled(lambda *p: sum((a * b for a, b in zip(p[::2], p[1::2], strict=True)), p[0]), 32)
    assert replayed._program.codes.tolist() == [SUMS]


PARTS = {
    "a product used twice": (lambda a, b: (m := a * b) + (a + m), 3),
    "a product added to itself": (lambda a, b: (m := a * b) + m, 2),
    "a sum used on the way": (lambda a, b: (s := a + a * b) + b * b + s, 3),
    "a product from the left": (lambda a, b: a * b + b, 2),
    "a product that is the output": (lambda a, b: (a + b) * b, 2),
    "sums of sums": (lambda a, b: (a + a * b + b * b) * (b + b * a), 3),
    "a sum that starts with its own term": (lambda a, b: a + a * a + a * b + b * b, 1),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_others_need_is_kept(name):
    f, n_steps = PARTS[name]
    replayed = compiled(f, 2)
    assert len(replayed._program.codes) == n_steps
    for x in [(0.3, -1.7), (math.pi, 1e-3), (-0.0, 0.0)]:
        assert bits(*replayed(x)) == bits(by_values(f, x))


def test_the_output_may_be_an_input():
    x = Value(3.0)
    replayed = compile(x, [x])
    assert replayed([7.0]) == (7, [1])
    outputs, gradients = replayed([[1.0], [2.0]])
    assert (outputs.tolist(), gradients.tolist()) == ([1, 2], [[1], [1]])


def test_other_leaves_are_constants_from_then_on():
    a, c = Value(2.0), Value(3.0)
    replayed = compile(a * c + c, [a])
    c.data = a.data = 100.0
    assert replayed.constants.tolist() == [3]
    assert replayed([2.0]) == (9, [3])


def test_the_arrays_say_what_is_computed():
    a, b = Value(2.0), Value(3.0)
    codes, left, right = compile((a - 4) * b.exp(), [b, a]).nodes
    assert [OPS[c].name for c in codes] == ["sub", "exp", "mul"]
    assert (left.tolist(), right.tolist()) == ([1, 0, 3], [2, -1, 4])


def test_nothing_of_the_graph_is_kept():
    gc.collect()
    before = sum(type(o) is Value for o in gc.get_objects())
    replayed = compiled(recurrent, N_RECURRENT)
    assert sum(type(o) is Value for o in gc.get_objects()) == before
    assert isinstance(replayed, Tape)


def test_what_is_returned_is_the_callers():
    replayed = compiled(lambda a, b: a * b, 2)
    x = np.array([2.0, 3.0])
    _, first = replayed(x)
    assert first.base is None, "a view would keep all that the tape computed with"
    first[:] = 0
    assert replayed(x)[1].tolist() == [3, 2]
    assert x.tolist() == [2, 3]


def test_integers_lists_and_strided_arrays_are_taken():
    replayed, x = compiled(lambda a, b: a / b, 2), np.arange(1.0, 9.0).reshape(2, 4)
    expected = [1 / 3, 5 / 7]
    for rows in (
        x[:, ::2],
        x[:, ::2].astype(int),
        x[:, ::2].tolist(),
        np.asfortranarray(x[:, ::2]),
        x[:, ::2].astype(">f8"),
    ):
        assert replayed(rows)[0].tolist() == expected


def test_a_chain_of_100_000_is_compiled_and_replayed():
    x = y = Value(2.0)
    for _ in range(50_000):
        y = y * 1.0001 - 0.0001
    output, gradient = compile(y, [x])([1.0])
    assert output == pytest.approx(1, rel=1e-9)
    assert gradient[0] == pytest.approx(1.0001**50_000, rel=1e-9)
