"""Jacobians across many steps and gradients without a way back: by hand, by other routes, and with planted errors."""

import math

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from minigrad import relative_error
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.notation import label, read_latex, read_source, read_text
from rnn.formulas.sensitivity import P_W
from rnn.formulas.words import vec
from rnn.verify import check
from rnn.witnesses.sensitivity import lasting_network, random_sensitivity

JACOBIAN, RTRL = find("jacobian"), find("rtrl")
ELMAN = [REGISTRY[id] for id in ("7", "8", "9", "10", "17", "18", "20", "22", "24", "25")]


@pytest.fixture(scope="module")
def problem():
    return random_sensitivity("rtrl", np.random.default_rng(2), steps=5, inputs=4, hidden=3, vocabulary=6)


@pytest.fixture(scope="module")
def learned(problem):
    """The chain of the equations of real-time recurrent learning."""
    return evaluate(RTRL, problem.given())


@pytest.fixture(scope="module")
def products(problem):
    """The chain of products of Jacobians, for the same network."""
    return evaluate(JACOBIAN, problem.given())


def states(given, change):
    """h⁽⁰⁾ … h⁽τ⁾ from parameters and a first state, the named ones moved by `change`: NumPy and nothing else."""
    p = {k: given[k] + change.get(k, 0) for k in ("W", "U", "b")}
    h = [given["h"][0] + change.get("h", 0)]
    for t in range(1, given["tau"] + 1):
        h.append(np.tanh(p["b"] + p["W"] @ h[-1] + p["U"] @ given["x"][t]))
    return h


def complex_step(given, name, like):
    """∂h⁽ᵗ⁾/∂vec(name) for every t, a column for each entry, exact to rounding."""
    columns = []
    for j in range(like.size):
        unit = np.zeros(like.size, complex)
        unit[j] = 1e-30j
        columns.append([h.imag / 1e-30 for h in states(given, {name: unit.reshape(like.shape, order="F")})])
    return [np.hstack(found) for found in zip(*columns, strict=True)]


# Against the witnesses


@pytest.mark.parametrize("family", ["jacobian", "rtrl"])
def test_every_equation_holds_on_random_problems(family):
    sizes = [(3, 2, 4), (2, 3, 5), (4, 3, 2), (1, 2, 3)]
    drawn = [
        random_sensitivity(family, np.random.default_rng(k), steps=3 + k, inputs=i, hidden=h, vocabulary=v)
        for k, (i, h, v) in enumerate(sizes)
    ]
    checks = check(find(family), drawn)
    assert [c.equation.id for c in checks if not c.ok] == []
    assert max(c.chain for c in checks) < 1e-12


@pytest.mark.parametrize("e", JACOBIAN + RTRL, ids=lambda e: e.id)
def test_what_is_printed_is_what_is_run(e):
    printed = read_text(e.text)
    assert printed == read_latex(e.latex) == {*read_source(e.code), e.given}
    assert all(label(term) in e.text for term in printed)
    assert e.derivation
    for text, latex in e.derivation:
        assert read_text(text) == read_latex(latex)
        assert len(text) <= 76


# By another route


def test_products_are_the_complex_step_derivatives_of_the_states(problem, products):
    by_first = complex_step(problem.given(), "h", problem.given()["h"][0])
    for t, expected in enumerate(by_first):
        assert relative_error(products["F"][t], expected) < 1e-12
    assert relative_error(products["J"][0], by_first[-1]) < 1e-12
    for t in range(problem.tau):
        assert relative_error(products["J"][t] @ products["F"][t], by_first[-1]) < 1e-12  # any split of the way


@pytest.mark.parametrize("name", ["W", "U", "b"])
def test_forward_sensitivities_are_complex_step_derivatives(problem, learned, name):
    expected = complex_step(problem.given(), name, problem.given()[name])
    for t in range(1, problem.tau + 1):
        assert relative_error(learned[f"P_{name}"][t], expected[t]) < 1e-12


def test_learning_in_real_time_is_backpropagation_by_another_way(problem, learned):
    """RTRL-4, 5 and 6 give what 22, 24 and 25 give, which go backwards."""
    given = {k: v for k, v in problem.given().items() if k != "grad_o"}
    backwards = evaluate(ELMAN, {**given, "h": {0: given["h"][0]}})
    for k in ("b", "W", "U"):
        assert relative_error(learned[f"grad_{k}"], backwards[f"grad_{k}"]) < 1e-12


def test_the_gradient_so_far_is_known_at_every_step(problem, learned):
    """The terms up to t are the gradient of the losses up to t: what real time is about."""
    given = problem.given()
    full = evaluate(ELMAN, {**given, "h": {0: given["h"][0]}, "tau": 3})
    assert relative_error(evaluate(RTRL, {**given, "tau": 3})["grad_W"], full["grad_W"]) < 1e-12
    assert relative_error(learned["grad_W"], full["grad_W"]) > 1e-3


def test_a_change_of_W_moves_the_states_as_P_W_says(problem, learned):
    given, direction = problem.given(), np.random.default_rng(1).standard_normal((3, 3))
    moved = states(given, {"W": 1e-30j * direction})
    for t in range(1, problem.tau + 1):
        assert relative_error(learned["P_W"][t] @ vec(direction), moved[t].imag / 1e-30) < 1e-12


def test_the_norm_is_the_most_that_a_change_is_stretched(products):
    directions = np.random.default_rng(0).standard_normal((3, 4000))
    for t, J in products["J"].items():
        stretched = np.linalg.norm(J @ directions, axis=0) / np.linalg.norm(directions, axis=0)
        assert 0.97 * products["nu"][t] < stretched.max() <= products["nu"][t] * (1 + 1e-12)


def test_the_norm_falls_at_least_as_the_norm_of_W(problem, products):
    """ν⁽ᵗ⁾ ≤ ν⁽ᵗ⁺¹⁾ max(1 − h²) ‖W‖, as derived."""
    given = problem.given()
    for t in range(problem.tau):
        slope = np.max(1 - given["h"][t + 1] ** 2)
        assert products["nu"][t] <= products["nu"][t + 1] * slope * np.linalg.norm(given["W"], 2) * (1 + 1e-12)


def test_changes_last_in_the_problems_that_are_drawn():
    for seed in range(20):
        network = lasting_network(np.random.default_rng(seed), steps=7)
        assert np.linalg.norm(network.letters()["W"], 2) == pytest.approx(1, rel=1e-12)


# By hand


def test_one_unit_by_hand():
    w, h, x = -0.7, {0: 0.4, 1: 0.5, 2: -0.2, 3: 0.6}, {1: 2.0, 2: -1.5, 3: 0.3}
    v, go = 1.3, {1: 0.2, 2: -0.4, 3: 0.7}
    s1, s2, s3 = (1 - h[t] ** 2 for t in (1, 2, 3))
    array = {name: {t: np.array([[value]]) for t, value in series.items()}
             for name, series in (("h", h), ("x", x), ("grad_o", go))}  # fmt: skip
    one = np.array([[1.0]])
    start = {f"P_{k}": {0: 0 * one} for k in "WUb"}
    given = {**array, **start, "W": w * one, "V": v * one, "U": one, "I": one, "tau": 3}
    p1, p2 = s1 * h[0], s2 * (h[1] + w * s1 * h[0])
    p3 = s3 * (h[2] + w * p2)
    found = evaluate(RTRL, given)
    assert [found["P_W"][t].item() for t in (1, 2, 3)] == pytest.approx([p1, p2, p3], rel=1e-14)
    assert found["grad_W"].item() == pytest.approx(v * (go[1] * p1 + go[2] * p2 + go[3] * p3), rel=1e-14)
    assert found["P_b"][2].item() == pytest.approx(s2 * (1 + w * s1), rel=1e-14)
    assert found["P_U"][2].item() == pytest.approx(s2 * (x[2] + w * s1 * x[1]), rel=1e-14)
    product = evaluate(JACOBIAN, given)
    assert [product["J"][t].item() for t in (3, 2, 1, 0)] == pytest.approx(
        [1, s3 * w, s3 * w * s2 * w, s3 * w * s2 * w * s1 * w], rel=1e-14
    )
    assert product["nu"][2] == pytest.approx(math.fabs(s3 * w), rel=1e-14)
    assert product["grad_h"][0].item() == pytest.approx(
        v * (go[1] * s1 * w + go[2] * s1 * s2 * w**2 + go[3] * s1 * s2 * s3 * w**3), rel=1e-14
    )


def test_a_first_step_by_hand():
    """H = 2, I = 1: ∂h⁽¹⁾/∂vec W has the columns of W₁₁, W₂₁, W₁₂, W₂₂ in this order."""
    h = {0: np.array([[2.0], [3.0]]), 1: np.array([[0.6], [0.8]])}
    expected = [[0.64 * 2, 0, 0.64 * 3, 0], [0, 0.36 * 2, 0, 0.36 * 3]]
    np.testing.assert_allclose(P_W(h, np.eye(2), np.ones((2, 2)), {0: np.zeros((2, 4))}, 1), expected, rtol=1e-14)


# Planted errors


MUTANTS = [
    ("JACOBIAN-1", "return I", "return 2 * I"),
    ("JACOBIAN-2", "h[t + 1] ** 2", "h[t] ** 2"),
    ("JACOBIAN-2", "@ W", "@ W.T"),
    ("JACOBIAN-2", "J[t + 1] @ diag(1 - h[t + 1] ** 2) @ W", "diag(1 - h[t + 1] ** 2) @ W @ J[t + 1]"),
    ("JACOBIAN-3", "norm(J[t])", "norm(J[t]) ** 2"),
    ("JACOBIAN-3", "norm(J[t])", "float((J[t] ** 2).sum() ** 0.5)"),
    ("JACOBIAN-4", "return I", "return -I"),
    ("JACOBIAN-5", "diag(1 - h[t] ** 2) @ W @ F[t - 1]", "F[t - 1] @ diag(1 - h[t] ** 2) @ W"),
    ("JACOBIAN-5", "h[t] ** 2", "h[t - 1] ** 2"),
    ("JACOBIAN-6", "F[t].T", "F[t]"),
    ("JACOBIAN-6", "grad_o[t]", "grad_o[tau]"),
    ("RTRL-1", "h[t - 1].T", "h[t].T"),
    ("RTRL-1", "kron(h[t - 1].T, I)", "kron(I, h[t - 1].T)"),
    ("RTRL-1", " + W @ P_W[t - 1]", ""),
    ("RTRL-1", "W @ P_W", "W.T @ P_W"),
    ("RTRL-2", "x[t].T", "x[1].T"),
    ("RTRL-2", "kron(x[t].T, I)", "kron(I, x[t].T)"),
    ("RTRL-2", "h[t] ** 2", "h[t]"),
    ("RTRL-3", "I + W", "I - W"),
    ("RTRL-3", "I + ", ""),
    ("RTRL-4", "P_b[t].T", "P_b[t]"),
    ("RTRL-4", "V.T", "-V.T"),
    ("RTRL-5", "steps(tau)", "steps(tau - 1)"),
    ("RTRL-5", ", W)", ", W).T"),
    ("RTRL-6", "P_U[t]", "P_U[tau]"),
    ("RTRL-6", "matrix(", "2 * matrix("),
]


@pytest.mark.parametrize(("id", "old", "new"), MUTANTS)
def test_a_wrong_equation_is_one_failure(id, old, new):
    sizes = {"steps": 3, "inputs": 2, "hidden": 3, "vocabulary": 4}
    problem = random_sensitivity(REGISTRY[id].family, np.random.default_rng(7), **sizes)
    check_is_one_failure(slipped(id, old, new), [problem])


def test_every_equation_has_a_planted_error():
    assert {id for id, *_ in MUTANTS} == {e.id for e in JACOBIAN + RTRL}
