"""Value: its ops beside those of Tensor and beside differences, its gradients, what it refuses."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from minigrad import DtypeError, GradError, Tensor, Value
from minigrad.ops import TABLE
from minigrad.scalar import OPS, history

UNARY = {
    "neg": lambda x: -x,
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    **{f"power {n}": lambda x, n=n: x**n for n in (0, 1, 2, 3, -1, -2, 0.5, -1.5, 1 / 3)},
    "reflected add": lambda x: 3 + x,
    "reflected sub": lambda x: 3 - x,
    "reflected mul": lambda x: -3 * x,
    "reflected div": lambda x: 3 / x,
}
BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "itself": lambda a, b: (a * a - a) / (b * b),
}
ORDINARY = [-2.5, -1.0, -0.3, 0.7, 1.0, 3.2]
EDGES = [0.0, -0.0, 1e-320, 1e-200, -1e-200, 40.0, 710.0, -750.0, 1e200, -1e200, math.inf, -math.inf, math.nan]


def with_values(f, xs):
    """f and its gradients by Value."""
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    y.backward()
    return [y.data, *(leaf.grad for leaf in leaves)]


def with_tensors(f, xs):
    """The same by Tensor."""
    leaves = [Tensor(np.float64(x), requires_grad=True) for x in xs]
    y = f(*leaves)
    y.backward()
    return [y.item(), *(leaf.grad.item() for leaf in leaves)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", UNARY)
def test_an_op_of_one_argument_is_the_tensors(name):
    """At −∞ NumPy's ** with exponent ½ takes the root, which is nan, where its power and C's pow give inf."""
    for x in ORDINARY + EDGES:
        if (name, x) != ("power 0.5", -math.inf):
            found, expected = with_values(UNARY[name], [x]), with_tensors(UNARY[name], [x])
            np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-323, err_msg=f"{name} at {x}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", BINARY)
def test_an_op_of_two_arguments_is_the_tensors(name):
    for a, b in itertools.product(ORDINARY[:3] + EDGES, repeat=2):
        found, expected = with_values(BINARY[name], [a, b]), with_tensors(BINARY[name], [a, b])
        np.testing.assert_array_equal(found, expected, err_msg=f"{name} at {a}, {b}")


@pytest.mark.parametrize("x", [0.4, 1.7])
@pytest.mark.parametrize("name", UNARY)
def test_gradients_are_differences(name, x):
    f, h = UNARY[name], 1e-5
    difference = (f(Value(x + h)).data - f(Value(x - h)).data) / (2 * h)
    assert with_values(f, [x])[1] == pytest.approx(difference, rel=1e-8, abs=1e-9)


def test_ops_have_the_names_of_the_tensors_ops():
    assert [op.name for op in OPS] == list(dict.fromkeys(op.name for op in OPS))
    assert {op.name for op in OPS} <= set(TABLE)


def test_values_by_hand():
    """f = (a b + 2) / a² at a = 2, b = 3: ∂f/∂a = b/a² − 2(ab + 2)/a³ = −1.25, ∂f/∂b = 1/a = 0.5."""
    assert with_values(lambda a, b: (a * b + 2) / a**2, [2, 3]) == [2, -1.25, 0.5]


def test_a_value_used_in_many_places_gathers_from_all():
    """c = b + b, b = a + a: each use counts, so ∂c/∂a is 4."""
    a = Value(3)
    b = a + a
    c = b + b
    c.backward()
    assert (a.grad, b.grad, c.grad) == (4, 2, 1)


def test_leaves_gather_over_passes_and_others_start_anew():
    a = Value(3.0)
    b = a * a
    for times in (1, 2, 3):
        b.backward()
        assert (b.grad, a.grad) == (1, 6 * times)
    (b * 10).backward()
    assert (b.grad, a.grad) == (10, 6 * 3 + 60)
    a.grad = 0.0
    (b + a).backward()
    assert a.grad == 7


def test_a_leaf_depends_on_itself():
    a = Value(2)
    for times in (1, 2):
        a.backward()
        assert a.grad == times
    assert history(a) == []


def test_a_gradient_that_is_zero_is_carried_on_as_numpy_does():
    """0 · inf is nan, here as there: the slope of log at 0 is infinite."""

    def f(x):
        return x.log().relu()

    with np.errstate(all="ignore"):
        assert math.isnan(with_values(f, [0.0])[1])
        assert math.isnan(with_tensors(f, [0.0])[1])


def test_the_graph_can_be_read():
    a, b = Value(2), Value(5)
    y = a * b + 1
    assert y.op.name == "add"
    assert y.parents[0].op.name == "mul"
    assert y.parents[0].parents == (a, b)
    assert y.parents[1].data == 1
    assert (a.op, a.parents) == (None, ())
    assert (a**3).parents[1].data == 3


def test_a_history_has_parents_before_children():
    a = Value(1.5)
    b = a * 2
    c = b.tanh()
    d = c * b - (c / b).exp()
    order = history(d)
    place = {value: k for k, value in enumerate(order)}
    assert order[-1] is d
    assert len(place) == len(order) == 6
    assert all(place[p] < place[v] for v in order for p in v.parents if p.op)


def test_every_kind_of_number_is_taken():
    x = Value(2.0)
    for number in (3, 3.0, True + 2, np.float64(3), np.float32(3), np.int64(3), Fraction(3)):
        for y in (x * number, number * x, x + number - 2 * x + 5 - number + number, number - (-x) + 1):
            assert y.data == 6
            assert type(y.data) is float
        assert (x**number).data == 8
    assert (np.float64(3) / x).data == 1.5


def test_a_value_prints_what_it_is():
    a = Value(2)
    y = a.tanh()
    y.backward()
    assert repr(a) == f"Value(2.0, grad={a.grad})"
    assert repr(y) == f"Value({math.tanh(2)}, grad=1.0, from tanh)"


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0], np.ones(2), np.array(1.0), Tensor(1.0)], ids=repr)
def test_what_is_no_real_number_is_refused(wrong):
    refused = rf"Value: {type(wrong).__name__} is no real number; give a float"
    with pytest.raises(DtypeError, match=refused):
        Value(wrong)
    with pytest.raises(DtypeError, match=refused):
        Value(1) * wrong
    if not isinstance(wrong, Tensor):  # which is asked first, and refuses in its own words
        with pytest.raises(DtypeError, match=refused):
            wrong - Value(1)


@pytest.mark.parametrize("f", [lambda x: x**x, lambda x: 2**x, lambda x: np.float64(2) ** x])
def test_an_exponent_is_a_number(f):
    with pytest.raises(GradError, match=r"power: the exponent is a Value; give a number, or write"):
        f(Value(2))


def test_the_remedy_for_a_value_as_exponent_works():
    """aᵇ = exp(b log a), with slopes b aᵇ⁻¹ and aᵇ log a."""
    found = with_values(lambda a, b: (b * a.log()).exp(), [2.0, 3.0])
    np.testing.assert_allclose(found, [8, 12, 8 * math.log(2)], rtol=1e-14)


@pytest.mark.parametrize(
    ("f", "result", "warning"),
    [
        (lambda: Value(1) / 0, math.inf, "divide by zero"),
        (lambda: Value(0) / 0, math.nan, "invalid value"),
        (lambda: Value(0).log(), -math.inf, "divide by zero"),
        (lambda: Value(-1).log(), math.nan, "invalid value"),
        (lambda: Value(-8) ** (1 / 3), math.nan, "invalid value"),
        (lambda: Value(0) ** -1, math.inf, "divide by zero"),
        (lambda: Value(1000).exp(), math.inf, "overflow"),
        (lambda: Value(1e200) ** 2, math.inf, "overflow"),
    ],
)
def test_where_python_raises_numpys_answer_comes_with_its_warning(f, result, warning):
    with pytest.warns(RuntimeWarning, match=warning):
        y = f()
    np.testing.assert_array_equal(y.data, result)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=warning):
        f()


def test_zero_to_the_zero_is_one_and_flat():
    with np.errstate(all="raise"):
        assert with_values(lambda x: x**0, [0.0]) == [1, 0]
