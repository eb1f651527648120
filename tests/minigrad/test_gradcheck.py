"""gradcheck finds what is planted, passes what is sound, and refuses to be vacuous."""

import math

import numpy as np
import pytest

from minigrad import GradError, Tensor, differences, gradcheck, ops, relative_error
from minigrad.graph import Op

# Errors planted on purpose: each must be found


def plain(x):
    """The array of a variable or of an array: cuts the second derivative."""
    return np.asarray(x.data)


def only_first_row(g):
    return g * np.array([[1.0], [0.0], [0.0]])


SQUARE = (3, 3)
PLANTED = {
    "sign flipped": (Op("sub", np.subtract, (lambda g: g, lambda g: g)), 1),
    "factor forgotten": (Op("mul", np.multiply, (lambda g, b: g * b, lambda g: g)), 1),
    "square forgotten": (Op("tanh", np.tanh, lambda g, y: g * (1 - y)), 1),
    "term forgotten": (Op("softmax", lambda x: ops.softmax(x), lambda g, y: g * y), 1),
    "inputs swapped": (Op("div", np.true_divide, (lambda g, a: g / a, lambda g, y, b: -(g * y / b))), 1),
    "off by a thousandth of a percent": (Op("exp", np.exp, lambda g, y: g * y * 1.00001), 1),
    "wrong axis": (Op("sum", lambda x: x.sum(0), lambda g: g.reshape(3, 1) + np.zeros(SQUARE)), 1),
    "mean for sum": (Op("sum", lambda x: x.sum(0), lambda g: g.reshape(1, 3) / 3 + np.zeros(SQUARE)), 1),
    "not transposed": (Op("matmul", np.matmul, (lambda g, b: g @ b, lambda g, a: ops.transpose(a) @ g)), 1),
    "not transposed back": (Op("transpose", np.transpose, lambda g: g), 1),
    "cotangents in the wrong order": (
        Op("mul", np.multiply, joint=lambda g, a, b: (g * a, g * b), inputs=2),
        1,
    ),
    "one input left out": (Op("mul", np.multiply, joint=lambda g, b: (g * b, None), inputs=2), 1),
    "entries left out": (Op("neg", np.negative, lambda g: -only_first_row(g)), 1),
    "shape too small": (Op("neg", np.negative, lambda g: -g[:2]), 1),
    "shape too large": (Op("neg", np.negative, lambda g: -ops.stack([g, g], 2)), 1),
    "broadcast along the wrong axis": (
        Op("add", lambda a, b: a + b[:1].sum(1), (lambda g: g, lambda g: g.reshape(9, 1))),
        1,
    ),
    "half the precision": (Op("neg", np.negative, lambda g: -np.asarray(plain(g), dtype=np.float32)), 1),
    "not a number": (Op("exp", np.exp, lambda g, y: g * y * np.nan), 1),
    "cotangent ignored": (Op("neg", np.negative, lambda g, y: 0 * y - 1), 1),
    "right once, cut for the second": (
        Op("mul", np.multiply, (lambda g, b: g * plain(b), lambda g, a: g * a)),
        2,
    ),
    "right once, wrong the second time": (
        Op("tanh", np.tanh, lambda g, y, x: g * (1 - plain(y) * ops.tanh(x))),
        2,
    ),
    "another definition": (
        Op("square", lambda x: x * x, lambda g, x: g * (2 * x), definition=lambda x: x * x * x),
        2,
    ),
    "another rule when recorded": (
        Op("square", lambda x: x * x, lambda g, x: g * x * (3 if isinstance(x, Tensor) else 2)),
        2,
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_gradcheck_finds_a_planted_error(name):
    op, order = PLANTED[name]
    inputs = list(np.random.default_rng(5).uniform(0.5, 2, (op.n_inputs, *SQUARE)))
    for below in range(1, order):
        gradcheck(op, inputs, order=below)
    with pytest.raises(GradError):
        gradcheck(op, inputs, order=order)


SOUND = {
    "mul": Op("mul", np.multiply, (lambda g, b: g * b, lambda g, a: g * a)),
    "tanh": Op("tanh", np.tanh, lambda g, y: g * (1 - y * y)),
    "joint": Op("mul", np.multiply, joint=lambda g, a, b: (g * b, g * a), inputs=2),
    "definition": Op("square", lambda x: x * x, lambda g, x: plain(g) * (2 * plain(x)), definition=lambda x: x * x),
}


@pytest.mark.parametrize("name", SOUND)
def test_gradcheck_passes_what_is_sound(name):
    op = SOUND[name]
    inputs = list(np.random.default_rng(5).uniform(0.5, 2, (op.n_inputs, *SQUARE)))
    assert 0 < gradcheck(op, inputs, order=2) < 1e-8


def test_gradcheck_names_the_input_that_is_wrong():
    op, _ = PLANTED["sign flipped"]
    with pytest.raises(GradError, match="input 1 is off by 2 "):
        gradcheck(op, [np.ones(3), np.full(3, 2.0)])


@pytest.mark.parametrize(
    ("f", "inputs", "message"),
    [
        (lambda x: 0 * x, [np.ones(3)], "nothing to compare"),
        (lambda x: x.sum(), [np.zeros((0, 2))], "nothing to compare"),
        (lambda x: x.tanh(), [np.ones(3, np.float32)], "must be float64"),
        (lambda x: x.detach(), [np.ones(3)], "depends on nothing"),
    ],
    ids=["a constant", "no entries", "float32", "no graph"],
)
def test_gradcheck_refuses_to_be_vacuous(f, inputs, message):
    with pytest.raises(GradError, match=message):
        gradcheck(f, inputs)


def test_gradcheck_draws_its_cotangent():
    """A rule that is right only where all cotangents are alike."""
    op = Op("cumulate", lambda x: x + 0, lambda g: g.sum() / 3 + 0 * g)
    with pytest.raises(GradError, match="off by"):
        gradcheck(op, [np.ones(3)])


def test_differences_are_of_fourth_order():
    x = np.array([0.3, -1.2])
    exact = np.diag(np.cos(x))
    errors = [np.abs(differences(np.sin, x, step=s) - exact).max() for s in (0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.01)
    np.testing.assert_allclose(differences(np.sin, x), exact, atol=1e-11)


def test_relative_error_by_hand():
    assert relative_error([1.0, 2.0], [1.0, 4.0]) == 0.5
    assert relative_error([0.0], [0.0]) == 0
    assert relative_error([2e-12], [0.0]) == 2
    assert relative_error([np.nan], [np.nan]) == math.inf
    assert relative_error([1.0], [np.inf]) == math.inf
    assert relative_error([], []) == 0
    with pytest.raises(ValueError, match="shapes"):
        relative_error([1.0], 1.0)
