"""The page on tanh and σ inside a kernel: how exact they are, and why they are not the library's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Claim, Column, Plot, Result, Table, at_most, curve
from cli.lessons.speed.clock import in_turn, us
from cli.lessons.speed.compiled import in_vectors, one_by_one
from minigrad import no_grad
from minigrad.graph import Array
from minigrad.kernels.vector import ERRORS
from rnn.fused.inside import inside
from rnn.layers import LSTM, RNN

DTYPES = (np.float32, np.float64)


def kernels_tanh(x: Array) -> Array:
    """tanh x as kernels have it: a layer of one unit and one step, whose weight is 1, from a state of zeros."""
    layer = RNN(1, 1, bias=False, dtype=x.dtype, implementation="fused")
    layer.weight_ih_l0.assign(np.ones((1, 1), x.dtype))
    with no_grad():
        return layer(x.reshape(1, -1, 1))[0].data.ravel()


def kernels_sigmoid(x: Array) -> Array:
    """σ(x) likewise: the input gate of such an LSTM."""
    layer = LSTM(1, 1, bias=False, dtype=x.dtype, implementation="fused")
    layer.weight_ih_l0.assign(np.ones((4, 1), x.dtype))
    return inside(layer(x.reshape(1, -1, 1))[0])["i"].ravel()


def exact(name: str, x: float) -> Decimal:
    """To forty digits."""
    with localcontext(prec=40):
        e = (-abs(Decimal(x)) * (2 if name == "tanh" else 1)).exp()
        near = (1 - e) / (1 + e) if name == "tanh" else 1 / (1 + e)
        if x >= 0:
            return near
        return -near if name == "tanh" else 1 - near


FUNCTIONS: dict[str, Callable[[Array], Array]] = {"tanh": kernels_tanh, "sigmoid": kernels_sigmoid}


@experiment()
def tanh_error(*, rng: np.random.Generator) -> Result:
    """How far the kernels' functions are from forty digits, over numbers of the sizes that occur."""
    usual = np.concatenate([np.linspace(-12, 12, 401), rng.standard_normal(200) * 10.0 ** rng.integers(-5, 2, 200)])
    rows, claims = [], list[Claim]()
    for name in FUNCTIONS:
        for dtype in DTYPES:
            relative, absolute = errors(name, usual.astype(dtype))
            bound, precision = ERRORS[name, np.dtype(dtype).name], np.dtype(dtype).name
            rows.append((name, precision, float(np.finfo(dtype).eps), relative.max(), absolute.max()))
            claims.append(at_most(f"{name}, {precision}: relative error", relative.max(), bound.relative))
            claims.append(at_most(f"{name}, {precision}: absolute error", absolute.max(), bound.absolute))
    columns: tuple[Column, ...] = (
        ("", "text"), ("", "text"), ("last place", "error"), ("relative", "error"), ("absolute", "error"),
    )  # fmt: skip
    return Result(
        (_picture(), Table(columns, tuple(rows), "worst errors found, and the last place of 1")), tuple(claims)
    )


def errors(name: str, x: Array) -> tuple[Array, Array]:
    """Of each number: relative and absolute."""
    values = [exact(name, float(at)) for at in x]
    off = [abs(Decimal(float(y)) - value) for y, value in zip(FUNCTIONS[name](x), values, strict=True)]
    relative = [float(e / abs(value)) if value else float(e) for e, value in zip(off, values, strict=True)]
    return np.array(relative), np.array([float(e) for e in off])


def _picture() -> Plot:
    """The largest error in each of many short stretches."""
    x = np.linspace(-9, 9, 120 * 50, dtype=np.float32)
    off = np.abs(kernels_tanh(x) - np.tanh(x.astype(np.float64))).reshape(120, -1).max(axis=1)
    return Plot("off from tanh x, float32", (curve("error", x.reshape(120, -1)[:, 0].tolist(), off.tolist()),), "x")


@experiment()
def tanh_time(*, rng: np.random.Generator) -> Result:
    """Many tanh: a call for each number, and in vectors."""
    x = rng.standard_normal(1 << 17).astype(np.float32)
    y, z = np.empty_like(x), np.empty_like(x)
    works: dict[str, Any] = {
        "a call for each": partial(one_by_one, x, y),
        "in vectors": partial(in_vectors, x, z),
        "NumPy's": partial(np.tanh, x),
    }
    times = in_turn(works, seconds=0.3)
    columns: tuple[Column, ...] = (("", "text"), ("a number, ns", "text"))
    rows = tuple((name, us(1e3 * times.seconds(name) / x.size)) for name in works)
    bounds = ERRORS["tanh", "float32"]
    return Result(
        (Table(columns, rows, f"tanh of {x.size:,} numbers in one kernel, float32, one thread"),),
        (at_most("largest difference between the two kernels", float(np.abs(y - z).max()), 2 * bounds.absolute),),
    )
