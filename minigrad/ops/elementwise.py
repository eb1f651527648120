"""One number in, one number out, for every entry of an array."""

from __future__ import annotations

import numpy as np

from minigrad.graph import Array
from minigrad.ops.samples import binary, shapes, unary
from minigrad.ops.table import op

add = op("add", np.add, (lambda g: g, lambda g: g), samples=binary())
sub = op("sub", np.subtract, (lambda g: g, lambda g: -g), samples=binary())
mul = op("mul", np.multiply, (lambda g, b: g * b, lambda g, a: g * a), samples=binary())
div = op("div", np.true_divide, (lambda g, b: g / b, lambda g, y, b: -(g * y / b)), samples=binary(0.5, 2))
neg = op("neg", np.negative, lambda g: -g, samples=unary(-2, 2))

power = op(
    "power",
    lambda x, exponent: x**exponent,
    lambda g, x, exponent: g * (exponent * x ** (exponent - 1)),
    samples=[*unary(0.5, 2, 2), *unary(0.5, 2, -1.5), shapes((2, 3), constants=(3,))],
)
exp = op("exp", np.exp, lambda g, y: g * y, samples=unary(-2, 2))
log = op("log", np.log, lambda g, x: g / x, samples=unary(0.5, 3))
sqrt = op("sqrt", np.sqrt, lambda g, y: g / (2 * y), samples=unary(0.5, 3))
tanh = op("tanh", np.tanh, lambda g, y: g * (1 - y * y), samples=unary(-2, 2))


def _sigmoid(x: Array) -> Array:
    return 0.5 * np.tanh(0.5 * x) + 0.5  # exact in the tails, where 1/(1 + exp(-x)) overflows


sigmoid = op("sigmoid", _sigmoid, lambda g, y: g * (y * (1 - y)), samples=unary(-3, 3))
