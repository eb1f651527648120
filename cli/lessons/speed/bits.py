"""The page on the last bits: sums in another order, in networks that forget and in one that does not."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.speed.clock import in_turn, ms
from cli.lessons.speed.networks import CELLS, NAMES, SIZES, network, workload
from cli.lessons.speed.sharing import in_threads
from minigrad import no_grad, relative_error
from minigrad.graph import Array
from minigrad.kernels.gemm import panel_width
from rnn.layers import RNN

UNITS, INPUTS, STEPS = 64, 8, 80
LARGE = 1.7  # weights that magnify whatever difference there is


def outputs(seed: int, order: Array, bound: float, dtype: Any) -> Array:
    """States (T, H) of an RNN with weights U(±bound), its units numbered in another order and back again."""
    rng = np.random.default_rng(seed)
    W, U = rng.uniform(-bound, bound, (UNITS, UNITS)), rng.uniform(-1, 1, (UNITS, INPUTS))
    layer = RNN(INPUTS, UNITS, bias=False, dtype=dtype)
    layer.weight_hh_l0.assign(W[order][:, order].astype(np.float32).astype(dtype))
    layer.weight_ih_l0.assign(U[order].astype(np.float32).astype(dtype))
    x = rng.standard_normal((STEPS, INPUTS)).astype(np.float32)
    with no_grad():
        return layer(x.astype(dtype))[0].data[:, np.argsort(order)]


def apart(seed: int, bound: float, dtype: Any) -> Array:
    """By how much the states differ, at each step, when the units are numbered otherwise."""
    same, other = np.arange(UNITS), np.random.default_rng([seed, 1]).permutation(UNITS)
    one, two = (outputs(seed, order, bound, dtype).astype(np.float64) for order in (same, other))
    return np.abs(one - two).max(axis=1)


@experiment(bound=between(0.05, 4.0))
def orders(bound: float = 0.4, *, seed: int) -> Result:
    """The same network with its units numbered in another order, so that sums are taken in that order."""
    calm, turned, wild = (apart(seed, size, np.float32) for size in (1 / UNITS**0.5, bound, LARGE))
    fine = apart(seed, LARGE, np.float64)
    later, steps = _passed(fine) - _passed(wild), range(1, STEPS + 1)
    named = {f"±{LARGE:g}": wild, "±1/√H": calm, f"±{LARGE:g}, float64": fine, f"±{bound:g}": turned}
    curves = tuple(curve(name, steps, differences.tolist()) for name, differences in named.items())
    return Result(
        (Plot("largest difference of a state", curves, "t", log=True),),
        (
            at_least("another order makes other numbers: the largest difference", calm.max(), 1e-9),
            at_most("weights of ±1/√H: the largest difference at any step", calm.max(), 2e-6),
            at_least(f"weights of ±{LARGE:g}: the largest difference at any step", wild.max(), 1e-2),
            at_least("in float64 a difference of a thousandth comes so many steps later", later, 1),
        ),
    )


def _passed(differences: Array) -> int:
    """The first step at which the difference is above a thousandth; the number of steps if there is none."""
    above = np.flatnonzero(differences > 1e-3)
    return int(above[0]) if len(above) else len(differences)


@experiment(**SIZES)
def precisions(units: int = 64, steps: int = 35, batch: int = 16, *, seed: int) -> Result:
    """Loss and gradients in float32 against float64, and what either costs."""
    rows, worst = [], 0.0
    for cell in CELLS:
        of = workload(cell, units, steps, batch)
        nets = {np.dtype(dtype).name: network(of, seed, dtype=dtype) for dtype in (np.float32, np.float64)}
        with in_threads(1):
            times = in_turn({name: net.gradients for name, net in nets.items()}, seconds=0.1)
        few, many = (net.gradients() for net in nets.values())
        off = max(relative_error(few[name].astype(np.float64), many[name]) for name in many)
        worst = max(worst, off)
        rows.append((NAMES[cell], off, *(ms(times.seconds(name)) for name in nets)))
    columns: tuple[Column, ...] = (
        ("", "text"), ("float32 is off by", "error"), ("float32, ms", "text"), ("float64, ms", "text"),
    )  # fmt: skip
    wide = panel_width(np.float32) / panel_width(np.float64)
    caption = f"{units} units, T = {steps}, B = {batch}, one thread; worst of the loss and all gradients"
    return Result(
        (Table(columns, tuple(rows), caption),),
        (
            at_most("float32, off from float64", worst, 1e-5),
            at_least("numbers that a register holds, float32 to float64", wide, 2),
        ),
    )  # fmt: skip
