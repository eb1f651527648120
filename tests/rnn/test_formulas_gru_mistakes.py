"""Equations of the gated recurrent unit with one piece changed, or in the other form's place: each is found out."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from formula_cases import slipped

from rnn.formulas import find, gru_after
from rnn.verify import check, engine_values, error
from rnn.witnesses import random_problem


@cache
def problem(form):
    return random_problem(form, np.random.default_rng(5), steps=3, inputs=3, hidden=2, vocabulary=4)


MISTAKES = [
    ("GRU-1", "h[t - 1]", "h[t]"),
    ("GRU-2", "sigmoid", "np.tanh"),
    ("GRU-3", "W_z @", "W_z.T @"),
    ("GRU-4", "sigmoid(a_z[t])", "1 - sigmoid(a_z[t])"),
    ("GRU-5", "h[t - 1]", "h[0]"),
    ("GRU-6", "q[t]", "(q[t] / 2)"),
    ("GRU-7", "np.tanh", "sigmoid"),  # as DLB prints it
    ("GRU-8", "(1 - z[t]) * n[t] + z[t]", "z[t] * n[t] + (1 - z[t])"),  # the other convention
    ("GRU-9", "c + ", ""),
    ("GRU-10", "softmax(o[t])", "np.exp(o[t])"),
    ("GRU-11", "-sum", "-1 / tau * sum"),
    ("GRU-12", " - onehot", " + onehot"),
    ("GRU-13", "z[t + 1] * grad_h[t + 1]", "grad_h[t + 1]"),
    ("GRU-13", "        + W_r.T @ grad_a_r[t + 1]\n", ""),
    ("GRU-13", "r[t + 1]", "r[t]"),
    ("GRU-13", "V.T @ grad_o[t]", "V.T @ grad_o[1]"),
    ("GRU-14", "(1 - z[t])", "z[t]"),
    ("GRU-15", "(h[t - 1] - n[t])", "(n[t] - h[t - 1])"),
    ("GRU-16", "n[t] ** 2", "n[t]"),
    ("GRU-17", "W_n.T", "W_n"),
    ("GRU-18", "h[t - 1]", "h[t]"),
    ("GRU-19", "z[t] * ", ""),
    ("GRU-20", "(1 - r[t])", "(1 - r[t] ** 2)"),
    ("GRU-21", "steps(tau)", "steps(tau - 1)"),
    ("GRU-22", "h[t].T", "h[t - 1].T"),
    ("GRU-23", "sum(", "1 / tau * sum("),
    ("GRU-24", "h[t - 1].T", "h[t].T"),
    ("GRU-25", "x[t].T", "x[tau].T"),
    ("GRU-26", "grad_a_z[t]", "grad_a_z[tau]"),
    ("GRU-27", "h[t - 1].T", "h[0].T"),
    ("GRU-28", "steps(tau)", "steps(tau - 1)"),
    ("GRU-29", "steps(tau)", "steps(tau - 1)"),
    ("GRU-30", "q[t].T", "q[t].T / 2"),
    ("GRU-31", "sum(", "-sum("),
    ("GRU-32", " + r[1] * grad_q[1]", ""),
    ("GRU-32", "W_r.T @ grad_a_r[1] + W_z.T @ grad_a_z[1]", "W_z.T @ grad_a_r[1] + W_r.T @ grad_a_z[1]"),
    ("GRU-33", " + U_n.T @ grad_a_n[t]", ""),
    ("GRU-AFTER-5", "d + ", ""),
    ("GRU-AFTER-6", "r[t] * q[t]", "q[t]"),
    ("GRU-AFTER-13", "W_n.T @ grad_q", "W_n @ grad_q"),
    ("GRU-AFTER-13", "grad_q[t + 1]", "grad_q[t]"),
    ("GRU-AFTER-17", "r[t] * ", ""),
    ("GRU-AFTER-18", "q[t] * ", ""),
    ("GRU-AFTER-30", "h[t - 1].T", "h[t].T"),
    ("GRU-AFTER-32", "steps(tau)", "steps(tau - 1)"),
    ("GRU-AFTER-33", " + W_n.T @ grad_q[1]", ""),
]


@pytest.mark.parametrize(("id", "old", "new"), MISTAKES)
def test_a_mistake_is_found_where_it_is(id, old, new):
    wrong = dataclasses.replace(slipped(id, old, new), witnesses=("engine",))  # the quick one
    (found,) = check([wrong], [problem(wrong.family)])
    assert not found.ok
    assert found.engine > 1e-3


def test_every_equation_has_a_mistake():
    own = {e.id for e in find("gru")} | {e.id for e in find("gru-after") if e.function.__module__ == gru_after.__name__}
    assert {id for id, *_ in MISTAKES} == own


@pytest.mark.parametrize("quantity", ["q", "a_n", "grad_q", "grad_r", "grad_W_n", "grad_h"])
def test_one_forms_equation_in_the_other_is_a_mistake(quantity):
    """Evaluated on what torch's form computes, the printed form's equations are wrong where the two differ."""
    known = engine_values(problem("gru-after"))
    known["r"] = {**known["r"], 4: np.zeros((2, 1))}  # beyond the end
    for e in (e for e in find("gru") if e.quantity == quantity):
        assert error(e(known), known[quantity]) > 1e-3
