"""Backpropagation through time cut short: equations against detached windows, numbers by hand, and planted errors."""

import math

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from minigrad import relative_error
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.notation import read_latex, read_source, read_text
from rnn.formulas.truncation import at_random, in_chunks, patterns
from rnn.verify import check, engine_values
from rnn.witnesses import random_problem
from rnn.witnesses.truncated import random_truncated

CUT, RANDOM = find("truncated"), find("randomised")
PARAMETERS = ("b", "W", "U")


@pytest.fixture(scope="module")
def problem():
    return random_problem("elman", np.random.default_rng(3), steps=7)


@pytest.fixture(scope="module")
def values(problem):
    """The engine's values for the whole of it: h, ŷ, ∇o and the full gradients."""
    return engine_values(problem)


def cut(values, window, stride):
    return evaluate(CUT, in_chunks(values, window, stride))


# Against the witnesses


@pytest.mark.parametrize("family", ["truncated", "randomised"])
def test_every_equation_holds_on_random_problems(family):
    drawn = [random_truncated(family, np.random.default_rng(seed), steps=3 + seed % 4) for seed in range(6)]
    checks = check(find(family), drawn)
    assert [c.equation.id for c in checks if not c.ok] == []
    assert max(c.chain for c in checks) < 1e-12


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 1), (3, 2), (4, 4), (3, 3), (5, 2), (9, 4), (9, 9)])
def test_every_kind_of_window(window, stride):
    """s < w, s = w, w ≥ τ; τ = 7 is no multiple of most strides."""
    p = random_truncated("truncated", np.random.default_rng(window), window=window, stride=stride, steps=7)
    checks = check(CUT, [p])
    assert all(c.ok for c in checks)
    assert max(c.chain for c in checks) < 1e-12


@pytest.mark.parametrize("e", CUT + RANDOM, ids=lambda e: e.id)
def test_what_is_printed_is_what_is_run(e):
    assert read_text(e.text) == read_latex(e.latex) == {*read_source(e.code), e.given}
    assert e.derivation or e.id == "TBPTT-1"
    for text, latex in e.derivation:
        assert read_text(text) == read_latex(latex)
        assert len(text) <= 76


# What truncation means


def test_each_loss_counts_once(values):
    for stride in range(1, 9):
        assert sum(cut(values, 8, stride)["L"].values()) == pytest.approx(values["L"], rel=1e-13)
    by_hand = {k: -sum(math.log(values["y_hat"][t][values["y"][t], 0]) for t in steps)
               for k, steps in {1: (1, 2, 3), 2: (4, 5, 6), 3: (7,)}.items()}  # fmt: skip
    assert cut(values, 3, 3)["L"] == pytest.approx(by_hand, rel=1e-13)


def test_a_window_that_is_never_left_cuts_nothing_and_others_do(problem, values):
    tau = problem.tau
    for stride in (1, 3, tau):
        found = cut(values, tau, stride)
        for k in PARAMETERS:
            assert relative_error(found[f"grad_{k}"], values[f"grad_{k}"]) < 1e-12
    for window in range(1, tau):
        for stride in range(1, window + 1):
            assert relative_error(cut(values, window, stride)["grad_W"], values["grad_W"]) > 1e-6


def test_a_window_of_one_is_each_losss_own_step(values, problem):
    """Σₜ diag(1 − h²) Vᵀ∇o h⁽ᵗ⁻¹⁾ᵀ: no loss is carried back."""
    h, grad_o, V = values["h"], values["grad_o"], values["V"]
    expected = sum(((1 - h[t] ** 2) * (V.T @ grad_o[t])) @ h[t - 1].T for t in range(1, problem.tau + 1))
    assert relative_error(cut(values, 1, 1)["grad_W"], expected) < 1e-13


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (3, 1), (3, 2), (4, 3), (5, 5), (7, 2), (20, 3)])
def test_the_sum_over_losses_and_uses_written_out(values, problem, window, stride):
    """Each loss t, and each earlier use s of W that its chunk's window holds, one by one: another derivation."""
    h, x, W, V, grad_o, tau = (*(values[k] for k in ("h", "x", "W", "V", "grad_o")), problem.tau)
    total = {"b": 0, "W": 0, "U": 0}
    for t in range(1, tau + 1):
        end = min(tau, math.ceil(t / stride) * stride)
        felt = V.T @ grad_o[t]
        for s in range(t, max(0, end - window), -1):
            received = (1 - h[s] ** 2) * felt
            total["b"] = total["b"] + received
            total["W"] = total["W"] + np.outer(received, h[s - 1])
            total["U"] = total["U"] + np.outer(received, x[s])
            felt = W.T @ received
    found = cut(values, window, stride)
    for k in PARAMETERS:
        assert relative_error(found[f"grad_{k}"], total[k]) < 1e-12


def test_a_states_chunks_are_those_that_reach_it(values):
    """τ = 7, s = 2, w = 4: chunk 3 has the losses of steps 5 and 6 and the states 3 to 6; chunk 4 states 4 to 7."""
    delta = cut(values, 4, 2)["delta"]
    reached = {k: [t for t in range(1, 8) if np.any(delta[k, t])] for k in range(1, 5)}
    assert reached == {1: [1, 2], 2: [1, 2, 3, 4], 3: [3, 4, 5, 6], 4: [4, 5, 6, 7]}


def test_one_unit_three_steps_by_hand():
    """s = 1, w = 2: loss 3 reaches states 3 and 2, loss 2 reaches 2 and 1."""
    h = {0: 0.2, 1: math.tanh(0.4), 2: math.tanh(-0.3), 3: math.tanh(0.7)}
    w, v, x = -0.6, 1.5, {1: 2.0, 2: -1.0, 3: 0.5}
    go = {1: 0.3, 2: -0.8, 3: 0.5}
    slope = {t: 1 - h[t] ** 2 for t in h}
    d33, d22, d11 = v * go[3], v * go[2], v * go[1]
    d32, d21 = w * slope[3] * d33, w * slope[2] * d22
    uses = {3: slope[3] * d33, 2: slope[2] * (d32 + d22), 1: slope[1] * (d21 + d11)}
    array = {name: {t: np.array([[value]]) for t, value in series.items()}
             for name, series in (("h", h), ("x", x), ("grad_o", go))}  # fmt: skip
    parameters = {"W": np.array([[w]]), "V": np.array([[v]])}
    half = {"y_hat": {t: np.array([[0.5], [0.5]]) for t in x}, "y": dict.fromkeys(x, 0)}
    found = cut({**array, **parameters, **half, "tau": 3}, window=2, stride=1)
    assert found["delta"][3, 2].item() == pytest.approx(d32, rel=1e-14)
    assert found["delta"][3, 1].item() == 0
    assert found["grad_b"].item() == pytest.approx(sum(uses.values()), rel=1e-14)
    assert found["grad_W"].item() == pytest.approx(sum(g * h[t - 1] for t, g in uses.items()), rel=1e-14)
    assert found["grad_U"].item() == pytest.approx(sum(g * x[t] for t, g in uses.items()), rel=1e-14)
    assert found["L"] == pytest.approx(dict.fromkeys(x, math.log(2)), rel=1e-14)


def test_the_output_layer_is_not_touched():
    """The detached chunks give all of ∇V and ∇c, which therefore have no equation here."""
    p = random_truncated("truncated", np.random.default_rng(5), window=3, stride=2, steps=7)
    whole = p.run()
    for name in ("V", "c"):
        assert relative_error(p.graph.value(f"grad_{name}"), whole.value(f"grad_{name}")) < 1e-12
    assert relative_error(p.graph.value("grad_W"), whole.value("grad_W")) > 1e-3


# At random


def test_the_average_over_every_outcome_is_the_full_gradient(values, problem):
    outcomes = patterns(problem.tau - 1, 0.3)
    assert len(outcomes) == 2 ** (problem.tau - 1)
    assert sum(p for p, _ in outcomes) == pytest.approx(1)
    np.testing.assert_allclose(sum(p * np.array(xi) for p, xi in outcomes), np.ones(problem.tau - 1))
    assert {x for _, xi in outcomes for x in xi} == {1 / 0.3, 0.0}
    drawn = [(p, evaluate(RANDOM, at_random(values, xi))) for p, xi in outcomes]
    for k in PARAMETERS:
        mean = sum(p * found[f"grad_{k}"] for p, found in drawn)
        assert relative_error(mean, values[f"grad_{k}"]) < 1e-12
        assert relative_error(drawn[0][1][f"grad_{k}"], values[f"grad_{k}"]) > 1e-3


def test_links_all_cut_or_none(values, problem):
    links = problem.tau - 1
    none, all_of_them = (evaluate(RANDOM, at_random(values, (xi,) * links)) for xi in (1.0, 0.0))
    for k in PARAMETERS:
        assert relative_error(none[f"grad_{k}"], values[f"grad_{k}"]) < 1e-12
        assert relative_error(all_of_them[f"grad_{k}"], cut(values, 1, 1)[f"grad_{k}"]) < 1e-12


def test_the_link_from_t_plus_1_to_t_has_the_weight_of_t(values, problem):
    """With one link cut the states after it feel all their losses, those before it none of the later ones."""
    found = evaluate(RANDOM, at_random(values, (1, 1, 0, 1, 1, 1)))["grad_h"]
    for t in range(4, problem.tau + 1):
        assert relative_error(found[t], values["grad_h"][t]) < 1e-12
    assert relative_error(found[3], values["V"].T @ values["grad_o"][3]) < 1e-12
    assert relative_error(found[2], values["grad_h"][2]) > 1e-3


# Planted errors


MUTANTS = [
    ("TBPTT-1", "m[k, t]", "1.0"),
    ("TBPTT-1", "-sum", "sum"),
    ("TBPTT-2", "n[k, t] * ", ""),
    ("TBPTT-2", "n[k, t]", "n[k, t + 1]"),
    ("TBPTT-2", "m[k, t] * V", "V"),
    ("TBPTT-2", "W.T @ diag", "W @ diag"),
    ("TBPTT-2", "h[t + 1] ** 2", "h[t] ** 2"),
    ("TBPTT-2", "delta[k, t + 1]", "delta[k, t]"),
    ("TBPTT-3", "delta[k, t]", "delta[1, t]"),
    ("TBPTT-3", "steps(chunks)", "steps(chunks - 1)"),
    ("TBPTT-4", "diag(1 - h[t] ** 2) @ ", ""),
    ("TBPTT-5", "h[t - 1].T", "h[t].T"),
    ("TBPTT-6", "steps(tau)", "steps(tau - 1)"),
    ("RANDOM-1", "xi[t]", "xi[t + 1]"),
    ("RANDOM-1", "xi[t] * ", ""),
    ("RANDOM-1", "W.T", "W"),
    ("RANDOM-2", "grad_h[t]", "grad_h[tau]"),
    ("RANDOM-3", "h[t] ** 2", "h[t]"),
    ("RANDOM-4", "x[t].T", "x[1].T"),
]


@pytest.mark.parametrize(("id", "old", "new"), MUTANTS)
def test_a_wrong_equation_is_one_failure(id, old, new):
    family = REGISTRY[id].family
    sizes = {} if family == "randomised" else {"window": 3, "stride": 2}
    problem = random_truncated(family, np.random.default_rng(7), steps=5, **sizes)
    assert check_is_one_failure(slipped(id, old, new), [problem]).chain > 1e-3


def test_every_equation_has_a_planted_error():
    assert {id for id, *_ in MUTANTS} == {e.id for e in CUT + RANDOM}
