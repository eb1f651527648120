"""One number in, one number out, for every entry of an array."""

from __future__ import annotations

import numpy as np

from minigrad.devices import launcher
from minigrad.graph import Array
from minigrad.ops.samples import binary, shapes, unary
from minigrad.ops.table import op, unpromoted
from minigrad.remote import Remote

add = op("add", np.add, (lambda g: g, lambda g: g), samples=binary())
sub = op("sub", np.subtract, (lambda g: g, lambda g: -g), samples=binary())
mul = op("mul", np.multiply, (lambda g, b: g * b, lambda g, a: g * a), samples=binary())
div = op("div", np.true_divide, (lambda g, b: g / b, lambda g, y, b: -(g * y / b)), samples=binary(0.5, 2))
neg = op("neg", np.negative, lambda g: -g, samples=unary(-2, 2))

# x⁰ is 1 everywhere, at 0 too, and flat: its derivative is written 0 · x⁰, never 0 · x⁻¹.
power = op(
    "power",
    lambda x, exponent: unpromoted(x, x**exponent),
    lambda g, x, exponent: g * (exponent * x ** (exponent - (exponent != 0))),
    samples=[*unary(0.5, 2, 2), *unary(0.5, 2, -1.5), shapes((2, 3), constants=(3,))],
)
exp = op("exp", np.exp, lambda g, y: g * y, samples=unary(-2, 2))
log = op("log", np.log, lambda g, x: g / x, samples=unary(0.5, 3))
sqrt = op("sqrt", np.sqrt, lambda g, y: g / (2 * y), samples=unary(0.5, 3))
tanh = op("tanh", np.tanh, lambda g, y: g * (1 - y * y), samples=unary(-2, 2))


def _sigmoid(x: Array) -> Array:
    """½ + ½ tanh(x/2): nothing overflows in the tails, where 1/(1 + exp(−x)) does."""
    if x.__class__ is not np.ndarray and isinstance(x, Remote):
        return launcher("sigmoid")(x)
    y = np.multiply(x, 0.5)
    if y.__class__ is not np.ndarray:
        y = np.asarray(y)
    np.tanh(y, out=y)
    y *= 0.5
    y += 0.5
    return y


sigmoid = op("sigmoid", _sigmoid, lambda g, y: g * (y * (1 - y)), samples=unary(-3, 3))
