"""A scalar graph as numbers only, walked forwards and back: for one vector of inputs, or for many, eight at a time.

A program is three arrays. Step i has the op `codes[i]`, and its operands are `operands[starts[i]:starts[i+1]]`, each
a slot of `values`: the result, then a and b (for an op of one argument a again). `SUMS` is a step of its own,
y = c + a₀b₀ + a₁b₁ + …, with operands y c a₀ b₀ a₁ b₁ …: most of a network is such sums, their parts are needed by
nobody else, and one step instead of two for each term keeps them out of memory.

`grads` has a slot for each slot of `values`, 0 at first. On the way back a step takes the gradient of its result out
and leaves 0, so that after a pass only leaves have any. Terms are added in the order in which `Value` adds them, and
products are rounded first, so the numbers are the same to the last bit.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.lanes import load, ramp, rounded, step, store

Program = tuple[Array, Array, Array]  # codes, starts, operands

# The first eleven in the order of `minigrad.scalar.OPS`.
ADD, SUB, MUL, DIV, POWER, NEG, EXP, LOG, TANH, SIGMOID, RELU, SUMS = range(12)


@kernel
def result(code: int, a: float, b: float) -> float:
    """The op itself, for those that are not written out below."""
    if code == DIV:
        return a / b
    if code == NEG:
        return -a
    if code == POWER:
        return math.pow(a, b)
    if code == EXP:
        return math.exp(a)
    if code == LOG:
        return math.log(a)
    if code == TANH:
        return math.tanh(a)
    return 0.5 + 0.5 * math.tanh(0.5 * a)


@kernel
def returned(code: int, g: float, y: float, a: float, b: float) -> tuple[float, float]:
    """What the op's rule gives back to a and to b."""
    if code == DIV:
        return g / b, -(g * y / b)
    if code == NEG:
        return -g, 0.0
    if code == POWER:
        return g * (b * math.pow(a, b - (1.0 if b != 0 else 0.0))), 0.0
    if code == EXP:
        return g * y, 0.0
    if code == LOG:
        return g / a, 0.0
    if code == TANH:
        return g * (1 - rounded(y * y)), 0.0
    return g * (y * (1 - y)), 0.0


@kernel
def forwards(program: Program, values: Array) -> None:
    """Fill the slots of `values`, (N,) or (N, 8), step by step."""
    codes, starts, operands = program
    numbers = values.reshape(len(values), -1)
    for i in range(len(codes)):
        code, s = codes[i], starts[i]
        y, a, b = operands[s], operands[s + 1], operands[s + 2]
        if code == SUMS:
            total = load(values, a)
            for k in range(s + 2, starts[i + 1], 2):
                total = total + rounded(load(values, operands[k]) * load(values, operands[k + 1]))
            store(values, y, total)
        elif code == ADD:
            store(values, y, load(values, a) + load(values, b))
        elif code == SUB:
            store(values, y, load(values, a) - load(values, b))
        elif code == MUL:
            store(values, y, load(values, a) * load(values, b))
        elif code == RELU:
            store(values, y, ramp(load(values, a)))
        else:
            for lane in range(numbers.shape[1]):
                numbers[y, lane] = result(code, numbers[a, lane], numbers[b, lane])


@kernel
def backwards(program: Program, values: Array, grads: Array) -> None:
    """Carry the gradients from the last step's result down to the leaves."""
    codes, starts, operands = program
    numbers, slopes = values.reshape(len(values), -1), grads.reshape(len(grads), -1)
    for i in range(len(codes) - 1, -1, -1):
        code, s = codes[i], starts[i]
        y, a, b = operands[s], operands[s + 1], operands[s + 2]
        g = load(grads, y)
        if code == SUMS:
            for k in range(starts[i + 1] - 2, s + 2, -2):
                _add_product(values, grads, g, operands[k], operands[k + 1])
            store(grads, a, load(grads, a) + g)
            _add_product(values, grads, g, b, operands[s + 3])
        elif code == ADD:
            store(grads, a, load(grads, a) + g)
            store(grads, b, load(grads, b) + g)
        elif code == SUB:
            store(grads, a, load(grads, a) + g)
            store(grads, b, load(grads, b) - g)
        elif code == MUL:
            _add_product(values, grads, g, a, b)
        elif code == RELU:
            store(grads, a, load(grads, a) + rounded(g * step(load(values, y))))
        else:
            for lane in range(numbers.shape[1]):
                x = numbers[y, lane], numbers[a, lane], numbers[b, lane]
                to_a, to_b = returned(code, slopes[y, lane], *x)
                slopes[a, lane] += rounded(to_a)
                slopes[b, lane] += rounded(to_b)
        store(grads, y, 0.0)


@kernel
def _add_product(values: Array, grads: Array, g: Any, a: int, b: int) -> None:
    """The rule of a · b; a and b may be the same."""
    store(grads, a, load(grads, a) + rounded(g * load(values, b)))
    store(grads, b, load(grads, b) + rounded(g * load(values, a)))


@kernel
def replay(program: Program, output: int, values: Array, grads: Array) -> None:
    """Forwards and back: from the slots of leaves to slot `output` of `values`, and to the leaves' slots of `grads`."""
    forwards(program, values)
    store(grads, output, 1.0)
    backwards(program, values, grads)


@kernel
def replay_rows(
    program: Program,
    output: int,
    values: Array,
    grads: Array,
    leaves: int,
    rows: Array,
    outputs: Array,
    gradients: Array,
) -> None:
    """The same for every row of inputs, eight at a time; the last row fills up the last eight."""
    count, n = rows.shape
    width = values.shape[1]
    for first in range(0, count, width):
        for lane in range(width):
            row = min(first + lane, count - 1)
            for k in range(n):
                values[k, lane] = rows[row, k]
        grads[:leaves] = 0.0
        replay(program, output, values, grads)
        for lane in range(min(width, count - first)):
            outputs[first + lane] = values[output, lane]
            for k in range(n):
                gradients[first + lane, k] = grads[k, lane]
