"""The page on the two forms: the reset before the product or after it."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Result, Table, at_least, at_most
from cli.lab.gates import SURE, fix
from cli.lessons.gru.networks import gru
from minigrad import Tensor, relative_error
from minigrad.graph import Array, nodes

TIME, ROWS, INPUTS = 6, 2, 3
FORMS = {"D2L": False, "torch": True}
Numbers = dict[str, Array]


@cache
def _drawn(units: int, seed: int) -> tuple[Numbers, Array, Array]:
    """The numbers of a layer, an input and a first state."""
    rng = np.random.default_rng(seed)
    numbers = gru(INPUTS, units, rng, reset_after=True).state_dict()
    return numbers, rng.standard_normal((TIME, ROWS, INPUTS)), rng.standard_normal((1, ROWS, units))


def _states(form: str, units: int, seed: int, r: float | None, numbers: Numbers) -> Tensor:
    """All states of a form with these numbers; with r the reset gate is σ(r)."""
    _, x, start = _drawn(units, seed)
    layer = gru(INPUTS, units, np.random.default_rng(0), reset_after=FORMS[form])
    layer.load_state_dict(numbers)
    if r is not None:
        fix(layer, r=r)
    return layer(Tensor(x), Tensor(start))[0]


@experiment(units=between(1, 16))
def two_forms(units: int = 4, *, seed: int) -> Result:
    """The same numbers in both forms, with the reset gate set and not."""
    numbers, _, _ = _drawn(units, seed)

    def apart(r: float | None, torch: Numbers = numbers) -> float:
        return relative_error(
            _states("torch", units, seed, r, torch).data, _states("D2L", units, seed, r, numbers).data
        )

    found = {"R = 1": apart(SURE), "R as computed": apart(None), "R = 0": apart(-SURE)}
    products = {form: _products(form, units, seed) for form in FORMS}
    caption = f"{units} units, {TIME} steps, the same numbers in both"
    return Result(
        (
            Table((("", "text"), ("states apart by", "error")), tuple(found.items()), caption),
            Table((("form", "text"), ("products with the state in a step", "text")), tuple(products.items())),
        ),
        (
            at_most("R = 1: the two forms agree", found["R = 1"], 1e-12),
            at_least("R as computed: they differ", found["R as computed"], 1e-3),
            at_least("R = 0: they differ", found["R = 0"], 1e-3),
            at_most("R = 0: with d inside torch's other bias they agree", apart(-SURE, _d_outside(numbers)), 1e-12),
            at_least("products with the state that torch's form saves", products["D2L"] - products["torch"], 1),
        ),
    )


def _d_outside(numbers: Numbers) -> Numbers:
    """The same numbers with d added to b_n, where the reset gate does not reach it."""
    b, d = numbers["bias_ih_l0"].copy(), numbers["bias_hh_l0"]
    b[-len(d) // 3 :] += d[-len(d) // 3 :]
    return {**numbers, "bias_ih_l0": b}


def _products(form: str, units: int, seed: int) -> int:
    """Matrix products with the state in each step: those in the engine's record, without the one for all inputs."""
    made = sum(node.op.name == "matmul" for node in nodes(_states(form, units, seed, None, _drawn(units, seed)[0])))
    return (made - 1) // TIME
