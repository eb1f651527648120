"""The updates of `minigrad.optim`, each one kernel over many parameters; see there for the equations.

`now` are numbers that are the same for all parameters, `rates` one for each, where it depends on how often that was
updated; both are of the parameters' precision. λθ is added to the gradient in the kernel, so that no array is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from numba import cuda

from minigrad.cuda.array import DeviceArray
from minigrad.cuda.elementwise import plain
from minigrad.cuda.launching import kernel, scalar
from minigrad.cuda.layout import Ints
from minigrad.cuda.scalars import sqrt
from minigrad.cuda.updates import Arrays, flat, grouped, sizes_of, wide

Entry = tuple[DeviceArray, DeviceArray, dict[str, DeviceArray], int]
"""A parameter, its gradient, what is kept of it, and how often it was updated, this time included."""


@kernel
def _sgd(xs: Arrays, gs: Arrays, sizes: Ints, now: Arrays) -> None:
    lr, decay = now
    for k in range(len(sizes)):
        x, g = xs[k], gs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            x[i] -= lr * (g[i] + decay * x[i])


@kernel
def _momentum(xs: Arrays, gs: Arrays, bs: Arrays, sizes: Ints, rates: Arrays, now: Arrays, nesterov: int) -> None:
    lr, decay, momentum = now
    for k in range(len(sizes)):
        x, g, b = xs[k], gs[k], bs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            d = g[i] + decay * x[i]
            b[i] = momentum * b[i] + rates[k] * d
            if nesterov:
                x[i] -= lr * (d + momentum * b[i])
            else:
                x[i] -= lr * b[i]


@kernel
def _adagrad(xs: Arrays, gs: Arrays, ss: Arrays, sizes: Ints, rates: Arrays, now: Arrays) -> None:
    decay, eps = now
    for k in range(len(sizes)):
        x, g, s = xs[k], gs[k], ss[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            d = g[i] + decay * x[i]
            s[i] += d * d
            x[i] -= rates[k] * d / (sqrt(s[i]) + eps)


@kernel
def _rmsprop(
    xs: Arrays, gs: Arrays, vs: Arrays, ms: Arrays, bs: Arrays, sizes: Ints, now: Arrays, centered: int, heavy: int
) -> None:
    lr, decay, alpha, rest, eps, momentum = now
    for k in range(len(sizes)):
        x, g, v, m, b = xs[k], gs[k], vs[k], ms[k], bs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            d = g[i] + decay * x[i]
            v[i] = alpha * v[i] + rest * (d * d)
            size = v[i]
            if centered:
                m[i] = alpha * m[i] + rest * d
                size -= m[i] * m[i]
                if size < 0:  # a variance that rounding left below zero has no root
                    size -= size
            change = d / (sqrt(size) + eps)
            if heavy:
                change += momentum * b[i]
                b[i] = change
            x[i] -= lr * change


@kernel
def _adam(
    xs: Arrays, gs: Arrays, ms: Arrays, vs: Arrays, sizes: Ints, rates: Arrays, roots: Arrays, now: Arrays
) -> None:
    decay, shrink, b1, rest1, b2, rest2, eps = now
    for k in range(len(sizes)):
        x, g, m, v = xs[k], gs[k], ms[k], vs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            d = g[i] + decay * x[i]
            m[i] = b1 * m[i] + rest1 * d
            v[i] = b2 * v[i] + rest2 * (d * d)
            x[i] = shrink * x[i] - rates[k] * m[i] / (sqrt(v[i]) * roots[k] + eps)


def _numbers(x: DeviceArray, *values: float) -> Arrays:
    return tuple(scalar(v, x.dtype) for v in values)


def _each(
    run: Any, entries: Sequence[Entry], letters: str, now: Sequence[float], *rates: Callable[[int], float],
    flags: tuple[int, ...] = (),
) -> None:  # fmt: skip
    """Launch for all entries; a letter of which nothing is kept stands for the parameter itself."""
    times = {id(x): t for x, _, _, t in entries}
    arrays = [(x, plain(g), *(kept.get(letter, x) for letter in letters)) for x, g, kept, _ in entries]
    for group in grouped(arrays):
        x = group[0][0]
        each = [_numbers(x, *(rate(times[id(entry[0])]) for entry in group)) for rate in rates]
        run[wide(group)](*flat(group), sizes_of(group), *each, _numbers(x, *now), *flags)


def _update_sgd(o: Any, entries: Sequence[Entry]) -> None:
    if o.momentum:
        later = 1 - o.dampening
        now = (o.lr, o.weight_decay, o.momentum)
        _each(_momentum, entries, "b", now, lambda t: later if t > 1 else 1, flags=(int(o.nesterov),))
    else:
        _each(_sgd, entries, "", (o.lr, o.weight_decay))


def _update_adagrad(o: Any, entries: Sequence[Entry]) -> None:
    _each(_adagrad, entries, "s", (o.weight_decay, o.eps), lambda t: o.lr / (1 + (t - 1) * o.lr_decay))


def _update_rmsprop(o: Any, entries: Sequence[Entry]) -> None:
    now = (o.lr, o.weight_decay, o.alpha, 1 - o.alpha, o.eps, o.momentum)
    _each(_rmsprop, entries, "vmb", now, flags=(int(o.centered), int(o.momentum > 0)))


def _adam_with(o: Any, entries: Sequence[Entry], decay: float, shrink: float) -> None:
    b1, b2 = o.betas
    now = (decay, shrink, b1, 1 - b1, b2, 1 - b2, o.eps)
    _each(_adam, entries, "mv", now, lambda t: o.lr / (1 - b1**t), lambda t: 1 / math.sqrt(1 - b2**t))


def _update_adam(o: Any, entries: Sequence[Entry]) -> None:
    _adam_with(o, entries, o.weight_decay, 1)


def _update_adamw(o: Any, entries: Sequence[Entry]) -> None:
    _adam_with(o, entries, 0, 1 - o.lr * o.weight_decay)


UPDATES: dict[tuple[str, str], Callable[[Any, Sequence[Entry]], None]] = {
    ("SGD.update", "Optimizer.decayed"): _update_sgd,
    ("Adagrad.update", "Optimizer.decayed"): _update_adagrad,
    ("RMSprop.update", "Optimizer.decayed"): _update_rmsprop,
    ("Adam.update", "Optimizer.decayed"): _update_adam,
    ("Adam.update", "AdamW.decayed"): _update_adamw,
}
"""By the methods that say what an optimiser does: a class of one's own that changes either is computed as it says."""


def updated(optimiser: Any, entries: Sequence[Entry]) -> bool:
    """Update all parameters in place, if this optimiser's update is among the kernels."""
    methods = type(optimiser).update, type(optimiser).decayed
    ours = all(m.__module__ in ("minigrad.optim", "minigrad.optimizer") for m in methods)
    update = UPDATES.get((methods[0].__qualname__, methods[1].__qualname__)) if ours else None
    if update is None or not all(x.contiguous for x, _, _, _ in entries):
        return False
    update(optimiser, [e for e in entries if e[0].size])
    return True
