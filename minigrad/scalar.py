"""Value: a number that remembers how it was made, and can tell how it depends on what it was made from. [DLB 6.5]

First the table of ops: what each computes, and its rule, which says how much of what the result feels goes back to
each argument. Then `Value`: its operators apply ops, its `backward` follows the rules from a result to all behind it.

Numbers are NumPy's float64: 1/0 is inf, log(−1) and (−8)^½ are nan and exp(1000) is inf, with NumPy's warning; 0⁰
is 1 and flat; relu has slope 0 at 0. `detect_anomaly` names the op and the line of the first such number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from minigrad import floats
from minigrad.errors import DtypeError, GradError
from minigrad.graph import Node, observer
from minigrad.scalar_anomaly import tell_made, tell_rule


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """A function of one or two numbers, and its rule: from g, the gradient of the result y, to the arguments'."""

    name: str
    forward: Callable[..., float]
    rule: Callable[..., Any]


OPS = (
    add := Op("add", lambda a, b: a + b, lambda g, y, a, b: (g, g)),
    sub := Op("sub", lambda a, b: a - b, lambda g, y, a, b: (g, -g)),
    mul := Op("mul", lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a)),
    div := Op("div", floats.divide, lambda g, y, a, b: (floats.divide(g, b), -floats.divide(g * y, b))),
    # The exponent n is a constant: nothing goes back to it. (n != 0) keeps a⁰ flat at 0, where a⁻¹ is infinite.
    power := Op("power", floats.power, lambda g, y, a, n: (g * (n * floats.power(a, n - (n != 0))), 0.0)),
    neg := Op("neg", lambda a: -a, lambda g, y, a: -g),
    exp := Op("exp", floats.exp, lambda g, y, a: g * y),
    log := Op("log", floats.log, lambda g, y, a: floats.divide(g, a)),
    tanh := Op("tanh", floats.tanh, lambda g, y, a: g * (1 - y * y)),
    sigmoid := Op("sigmoid", lambda a: 0.5 + 0.5 * floats.tanh(0.5 * a), lambda g, y, a: g * (y * (1 - y))),
    relu := Op("relu", lambda a: 0.0 if a <= 0 else a, lambda g, y, a: g * (y > 0)),  # nan stays nan
)


class Value:
    """A number `data`, and `grad`, how the output of the last backward pass depends on it.

    It was made by `op` from `parents`; a leaf has op None and no parents. Numbers among the operands become leaves.
    The grad of leaves is added to, pass after pass, until it is set to 0. A leaf's `data` may be set too, as training
    does; what was computed from it has then to be computed anew.
    """

    __slots__ = ("data", "grad", "node", "op", "parents")
    __array_ufunc__ = None  # so that `np.float64(2) * value` asks the value

    def __init__(self, data: float):
        if data.__class__ is not float and not isinstance(data, Real):  # the first is quicker to ask
            raise DtypeError(f"Value: {type(data).__name__} is no real number; give a float")
        self.data, self.grad = float(data), 0.0
        self.op: Op | None = None
        self.parents: tuple[Value, ...] = ()
        self.node: Node | None = None  # where it was made, under `detect_anomaly` only

    def __repr__(self) -> str:
        return f"Value({self.data}, grad={self.grad}{f', from {self.op.name}' if self.op else ''})"

    # fmt: off
    def __add__(self, other: Value | float) -> Value: return apply(add, self, other)
    def __radd__(self, other: float) -> Value: return apply(add, other, self)
    def __sub__(self, other: Value | float) -> Value: return apply(sub, self, other)
    def __rsub__(self, other: float) -> Value: return apply(sub, other, self)
    def __mul__(self, other: Value | float) -> Value: return apply(mul, self, other)
    def __rmul__(self, other: float) -> Value: return apply(mul, other, self)
    def __truediv__(self, other: Value | float) -> Value: return apply(div, self, other)
    def __rtruediv__(self, other: float) -> Value: return apply(div, other, self)
    def __rpow__(self, base: float) -> Value: return Value(base) ** self  # which is refused
    def __neg__(self) -> Value: return apply(neg, self)
    def exp(self) -> Value: return apply(exp, self)
    def log(self) -> Value: return apply(log, self)
    def tanh(self) -> Value: return apply(tanh, self)
    def sigmoid(self) -> Value: return apply(sigmoid, self)
    def relu(self) -> Value: return apply(relu, self)
    # fmt: on

    def __pow__(self, exponent: Value | float) -> Value:
        if isinstance(exponent, Value):
            raise GradError("power: the exponent is a Value; give a number, or write (b * a.log()).exp() for a ** b")
        return apply(power, self, exponent)

    def backward(self) -> None:
        """Set `grad` to ∂self/∂value in every value behind this one; in leaves, add to it."""
        order = history(self)
        for y in order:
            y.grad = 0.0
        self.grad += 1.0
        watching = observer()
        for y in reversed(order):
            if watching is not None:
                tell_rule(watching, y)
            assert y.op is not None  # there are no leaves in a history
            if len(y.parents) == 2:
                a, b = y.parents
                to_a, to_b = y.op.rule(y.grad, y.data, a.data, b.data)
                a.grad += to_a
                b.grad += to_b
            else:
                (a,) = y.parents
                a.grad += y.op.rule(y.grad, y.data, a.data)


def apply(op: Op, a: Value | float, *other: Value | float) -> Value:
    """The value that an op gives for one argument or two."""
    a = a if isinstance(a, Value) else Value(a)
    y: Value = object.__new__(Value)
    if other:
        b = other[0] if isinstance(other[0], Value) else Value(other[0])
        y.data, y.parents = op.forward(a.data, b.data), (a, b)
    else:
        y.data, y.parents = op.forward(a.data), (a,)
    y.grad, y.op, y.node = 0.0, op, None
    watching = observer()
    if watching is not None:
        tell_made(watching, y)
    return y


def history(output: Value) -> list[Value]:
    """Every value that was computed on the way to `output`, which comes last: parents first, and no leaves.

    A walk with a list of its own, not recursion, so depth costs nothing. A value is met twice: first it is put back,
    marked by a None, below its parents; when it is met again they are done, and it is written down.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [output] if output.op else []
    while stack:
        value = stack.pop()
        if value is None:
            order.append(stack.pop())
        elif value not in seen:
            seen.add(value)
            stack.append(value)
            stack.append(None)
            for parent in reversed(value.parents):
                if parent.op:
                    stack.append(parent)
    return order
