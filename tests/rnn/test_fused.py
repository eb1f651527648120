"""Fused = stepwise: every family, option and precision, over all sizes from 1 to 70.

In float32 both are a rounding away from the true value, each in its own order. Where the true value of a small array
is what is left when large terms cancel, that rounding is a large part of it, in both. So an array that is not within
the bound of the stepwise one is measured against float64: it may be no further from it than stepwise is, or than the
bound taken of the largest gradient of its kind in the same pass. The bound itself is never loosened.
"""

import dataclasses

import numpy as np
import pytest
from fused_cases import BOUNDS, FUSED_LAYERS, Case, cases
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from minigrad import relative_error
from rnn.fused import FUSED
from rnn.fused.lookup import WHOLE
from rnn.layers import VARIANTS

every_family = pytest.mark.parametrize("name", FUSED_LAYERS)
every_precision = pytest.mark.parametrize("dtype", BOUNDS)
phases = [phase for phase in Phase if phase is not Phase.shrink]  # to compile and run less where one fails
few = settings(max_examples=8, deadline=None, derandomize=True, database=None, phases=phases)
many = settings(few, max_examples=70, derandomize=False)


def misses(case: Case, dtype: str, **options) -> dict[str, float]:
    """The results of the kernel that are not the stepwise ones, with their errors."""
    mine, theirs = case.answers(dtype, "fused", **options), case.answers(dtype, "stepwise")
    assert mine.keys() == theirs.keys()
    errors = {name: relative_error(mine[name], theirs[name]) for name in mine}
    wrong = {name: e for name, e in errors.items() if not e <= BOUNDS[dtype]}
    return wrong if dtype == "float64" or not wrong else _beyond_rounding(case, mine, theirs, wrong)


def _beyond_rounding(case, mine, theirs, wrong):
    exact = case.answers("float64", "stepwise")
    found = {}
    for name, e in wrong.items():
        alike = [np.abs(a).max() for other, a in exact.items() if other.startswith("by") == name.startswith("by")]
        rounding = max(np.abs(theirs[name] - exact[name]).max(), BOUNDS["float32"] * max(alike))
        if not np.abs(mine[name] - exact[name]).max() <= rounding:
            found[name] = e
    return found


@every_precision
@every_family
@few
@given(data=st.data())
def test_fused_equals_stepwise(name, dtype, data):
    assert not misses(data.draw(cases(name)), dtype)


@pytest.mark.slow
@every_precision
@every_family
@many
@given(data=st.data())
def test_fused_equals_stepwise_over_many_cases(name, dtype, data):
    assert not misses(data.draw(cases(name, most=300)), dtype)


# What chance may leave out: each at the corner where it would show


CORNERS = {
    "one of everything": {"steps": 1, "rows": 1, "inputs": 1, "units": 1},
    "a row past a tile of the batch, a unit past a panel": {"steps": 3, "rows": 33, "inputs": 17, "units": 33},
    "more steps than are collected at once": {"steps": 70, "rows": 17, "inputs": 2, "units": 9},
    "both ways, rows that end at their first step": {
        "steps": 5, "rows": 4, "inputs": 3, "units": 5, "both": True, "lengths": (1, 5, 1, 3),
    },
    "both ways, three layers, no row of all steps, no biases": {
        "steps": 6, "rows": 3, "inputs": 3, "units": 5, "layers": 3, "both": True, "bias": False, "lengths": (2, 4, 3),
    },
    "ids both ways, uneven": {
        "steps": 5, "rows": 3, "inputs": 4, "units": 6, "both": True, "ids": True, "lengths": (2, 5, 4),
    },
    "ids of a vocabulary just small enough": {"steps": 4, "rows": 3, "inputs": WHOLE, "units": 3, "ids": True},
    "ids of a large vocabulary, uneven, no biases": {
        "steps": 4, "rows": 3, "inputs": WHOLE + 1, "units": 3, "ids": True, "lengths": (4, 1, 2), "bias": False,
    },
    "the last states alone, no gradient by the input": {
        "steps": 5, "rows": 3, "inputs": 2, "units": 4, "asked": (False, True, True), "by_input": False,
    },
    "no first state": {"steps": 3, "rows": 2, "inputs": 2, "units": 4, "started": False, "both": True},
}  # fmt: skip


@every_precision
@pytest.mark.parametrize("corner", CORNERS)
@every_family
def test_corners(name, corner, dtype):
    assert not misses(Case(name, **CORNERS[corner], seed=5), dtype)


@every_family
@pytest.mark.parametrize("corner", ["both ways, rows that end at their first step", "ids both ways, uneven"])
def test_gradient_checkpointing_gives_the_same(name, corner):
    assert not misses(Case(name, **CORNERS[corner]), "float64", gradient_checkpointing=True)


@every_family
def test_every_asking_matters(name):
    """Gradients by the cotangent of the outputs, of the last h and of the last c differ, and add up to that of all."""
    states = 1 + (name in ("lstm", "peepholes"))
    whole = Case(name, 4, 3, 2, 5, lengths=(4, 2, 1), both=True, asked=(True,) * (1 + states))
    alone = [np.arange(1 + states) == k for k in range(1 + states)]
    parts = [dataclasses.replace(whole, asked=tuple(a)).answers("float64", "fused") for a in alone]
    together = whole.answers("float64", "fused")
    for key in (k for k in together if k.startswith("by")):
        assert relative_error(sum(p[key] for p in parts), together[key]) < 1e-12
        assert all(relative_error(p[key], together[key]) > 1e-3 for p in parts)


def test_every_kernel_is_of_a_cell():
    assert FUSED.keys() <= VARIANTS.keys()
    assert {build(1, 1).cell.family for build in FUSED_LAYERS.values()} == FUSED.keys()
