"""Rows of uneven lengths: verified, by hand, row by row, by complex steps, and with mistakes."""

import math
from functools import cache

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped, unlike_sizes
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import relative_error
from rnn.formulas import evaluate, find
from rnn.verify import chain, check, drawn, engine_values
from rnn.witnesses.masked import PARAMETERS, random_masked

EQUATIONS = find("masked")
seeds = st.integers(0, 2**32 - 1)


@cache
def problem(seed=0, **sizes):
    sizes = {"steps": 4, "inputs": 3, "hidden": 2, "vocabulary": 4, **sizes}
    return random_masked("masked", np.random.default_rng(seed), **sizes)


# Verified


def test_the_family_is_whole_and_in_order():
    assert [e.id for e in EQUATIONS] == [f"MASK-{n}" for n in range(1, 17)]
    assert find("MASK") == EQUATIONS
    every = {"L", "grad_O", "grad_H", "grad_A", "grad_X", *(f"grad_{p}" for p in PARAMETERS)}
    assert {e.quantity for e in EQUATIONS} == every | {"A", "H", "O", "Y_hat"}


@pytest.mark.parametrize("seed", range(8))
def test_every_equation_agrees_with_its_witnesses_alone_and_in_the_chain(seed):
    for c in check(EQUATIONS, [problem(seed, **unlike_sizes(seed, longest=5))]):
        assert c.ok, c
        assert c.chain < 1e-12
        assert (c.differences is None) == ("∇" not in c.equation.gives)


@pytest.mark.parametrize("family", ["masked", "jacobian"])
def test_problems_drawn_with_other_seeds(family):
    for seed in (100, 101):
        assert all(c.ok for c in check(find(family), drawn(family, 1, seed)))


def test_problems_have_rows_that_end_early_and_no_row_that_does_not_begin():
    for seed in range(20):
        p = problem(seed, steps=5)
        assert max(p.lengths) == 5
        assert 1 <= min(p.lengths) < 5
        assert p.x.all()  # numbers in the padding too
        assert sum(m.sum() for m in p.mask.values()) == sum(p.lengths)


# By complex steps: each row alone and cut where it ends, so that there is no mask and no padding


def loss(known, lengths, moved, by):
    """The loss with `by` added to one entry: moved is a name, a time or None, and the entry."""

    def now(name, t, value):
        value = np.array(value, dtype=complex)
        if moved[:2] == (name, t):
            value[moved[2]] += by
        return value

    p = {name: now(name, None, known[name]) for name in PARAMETERS}
    start = now("H", 0, known["H"][0])
    x = {t: now("X", t, known["X"][t]) for t in known["X"]}
    total = 0
    for k, length in enumerate(lengths):
        h = start[k]
        for t in range(1, length + 1):
            h = np.tanh(x[t][k] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"][0])
            o = h @ p["W_hq"] + p["b_q"][0]
            total += np.log(np.exp(o).sum()) - o[known["Y"][t][k]]
        total += known["S"][k] @ h
    return total


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_each_row_alone(seed):
    p = problem(seed, steps=5, hidden=3, inputs=2)
    known = p.given()
    found = evaluate(EQUATIONS, known)
    assert found["L"].item() == pytest.approx(loss(known, p.lengths, (None, None, None), 0).real, rel=1e-13)
    wanted = [(name, None, found[f"grad_{name}"]) for name in PARAMETERS] + [("H", 0, found["grad_H"][0])]
    wanted += [("X", t, found["grad_X"][t]) for t in known["X"]]
    for name, t, mine in wanted:
        moves = [(name, t, entry) for entry in np.ndindex(mine.shape)]
        exact = np.reshape([loss(known, p.lengths, move, 1e-40j).imag / 1e-40 for move in moves], mine.shape)
        np.testing.assert_allclose(mine, exact, rtol=1e-11, atol=1e-13, err_msg=f"{name} {t}")


# By hand


def test_by_hand():
    """One input, one unit, two classes; two rows, of which the second ends after its first step."""

    def column(*values):
        return np.array(values, float)[:, None]

    known = {
        "W_xh": column(0.5), "W_hh": column(0.8), "b_h": column(0.1), "W_hq": np.array([[1.0, -1.0]]),
        "b_q": np.array([[0.2, 0.0]]), "X": {1: column(0.4, -0.3), 2: column(-0.6, 9.0)}, "tau": 2,
        "Y": {1: np.array([1, 0]), 2: np.array([0, 1])}, "M": {1: column(1, 1), 2: column(1, 0)},
        "H": {0: column(0.3, -0.4)}, "S": column(0.7, -0.5),
    }  # fmt: skip
    found = evaluate(EQUATIONS, known)
    h1, h2 = (math.tanh(0.1 + 0.8 * h + 0.5 * x) for h, x in ((0.3, 0.4), (-0.4, -0.3)))
    last = math.tanh(0.1 + 0.8 * h1 - 0.5 * 0.6)
    p1, p2, p3 = (1 / (1 + math.exp(-0.2 - 2 * h)) for h in (h1, h2, last))  # of class 0
    assert found["H"][2].ravel() == pytest.approx([last, h2], rel=1e-14)  # the second waits; its input 9 is not read
    a3 = (1 - last**2) * (2 * (p3 - 1) + 0.7)
    a1 = (1 - h1**2) * (2 * p1 + 0.8 * a3)
    a2 = (1 - h2**2) * (2 * (p2 - 1) - 0.5)
    total = -math.log(1 - p1) - math.log(p2) - math.log(p3) + 0.7 * last - 0.5 * h2
    assert found["L"].item() == pytest.approx(total, rel=1e-13)
    series = {
        "grad_A": {1: [a1, a2], 2: [a3, 0]},
        "grad_H": {0: [0.8 * a1, 0.8 * a2], 1: [2 * p1 + 0.8 * a3, 2 * (p2 - 1) - 0.5], 2: [2 * (p3 - 1) + 0.7, -0.5]},
        "grad_X": {1: [0.5 * a1, 0.5 * a2], 2: [0.5 * a3, 0]},
    }
    for name, values in series.items():
        for t, value in values.items():
            np.testing.assert_allclose(found[name][t].ravel(), value, rtol=1e-12, atol=1e-16, err_msg=f"{name} {t}")
    assert found["grad_W_hh"].item() == pytest.approx(a1 * 0.3 - a2 * 0.4 + a3 * h1, rel=1e-12)
    assert found["grad_W_xh"].item() == pytest.approx(a1 * 0.4 - a2 * 0.3 - a3 * 0.6, rel=1e-12)
    assert found["grad_b_h"].item() == pytest.approx(a1 + a2 + a3, rel=1e-12)
    assert found["grad_b_q"].ravel() == pytest.approx([p1 + p2 + p3 - 2, 2 - p1 - p2 - p3], rel=1e-12)
    g = p1 * h1 + (p2 - 1) * h2 + (p3 - 1) * last
    assert found["grad_W_hq"].ravel() == pytest.approx([g, -g], rel=1e-12)


# What follows from the form


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_nothing_in_the_padding_is_read_and_nothing_is_sent_there(seed):
    p = random_masked("masked", np.random.default_rng(seed), steps=4)
    known, rng = p.given(), np.random.default_rng(seed)
    padded = {t: m[:, 0] == 0 for t, m in known["M"].items()}
    X = {t: np.where(padded[t][:, None], 100 * rng.standard_normal(x.shape), x) for t, x in known["X"].items()}
    Y = {t: np.where(padded[t], 0, y) for t, y in known["Y"].items()}
    one, two = evaluate(EQUATIONS, known), evaluate(EQUATIONS, {**known, "X": X, "Y": Y})
    for name in ("L", *(f"grad_{p}" for p in PARAMETERS)):
        assert relative_error(one[name], two[name]) < 1e-13
    for t, rows in padded.items():
        assert np.array_equal(one["H"][t][rows], one["H"][t - 1][rows])
        for name in ("O", "grad_O", "grad_A", "grad_X"):
            assert not one[name][t][rows].any()
        assert one["grad_X"][t][~rows].any(axis=1).all()


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_more_padding_for_all_changes_nothing(seed):
    p = random_masked("masked", np.random.default_rng(seed), steps=3)
    known = p.given()
    n = len(p.lengths)
    longer = {**known, "tau": 5}
    for t in (4, 5):
        longer = {
            **longer,
            "X": {**longer["X"], t: np.ones((n, p.x.shape[2]))},
            "Y": {**longer["Y"], t: np.zeros(n, int)},
            "M": {**longer["M"], t: np.zeros((n, 1))},
        }
    one, two = evaluate(EQUATIONS, known), evaluate(EQUATIONS, longer)
    for name in ("L", *(f"grad_{p}" for p in PARAMETERS)):
        assert relative_error(two[name], one[name]) < 1e-13
    assert relative_error(two["grad_H"][0], one["grad_H"][0]) < 1e-13
    assert relative_error(two["grad_H"][5], known["S"]) == 0  # past the end of all rows only S is felt


def test_without_padding_each_row_is_an_elman_network():
    """All rows full, S = 0: the parameters' gradients are the sums of those of the rows. [equations 7 to 25]"""
    p = problem(2)
    known = {**p.given(), "M": {t: np.ones((len(p.lengths), 1)) for t in range(1, 5)}}
    known["S"] = 0 * known["S"]
    found = evaluate(EQUATIONS, known)
    elman = [e for e in find("elman") if not e.expected_to_fail and not e.id.startswith("19")]
    letters = {"U": "W_xh", "W": "W_hh", "b": "b_h", "V": "W_hq", "c": "b_q"}
    rows = [
        evaluate(
            elman,
            {
                **{letter: known[name].T for letter, name in letters.items()},
                "x": {t: x[k][:, None] for t, x in known["X"].items()},
                "y": {t: int(y[k]) for t, y in known["Y"].items()},
                "h": {0: known["H"][0][k][:, None]},
                "tau": 4,
            },
        )
        for k in range(len(p.lengths))
    ]
    assert found["L"].item() == pytest.approx(sum(row["L"] for row in rows), rel=1e-13)
    for letter, name in letters.items():
        assert relative_error(found[f"grad_{name}"], sum(row[f"grad_{letter}"] for row in rows).T) < 1e-12


# Mistakes


MISTAKES = [
    ("MASK-1", "H[t - 1]", "H[0]"),
    ("MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[0]"),
    ("MASK-2", " + (1 - M[t]) * H[t - 1]", ""),
    ("MASK-2", "M[t] * np.tanh", "np.tanh"),
    ("MASK-3", "M[t] * (H[t] @ W_hq + b_q)", "H[t] @ W_hq + b_q"),
    ("MASK-3", "M[t] * (H[t] @ W_hq + b_q)", "M[t] * (H[t] @ W_hq) + b_q"),
    ("MASK-4", "softmax(O[t])", "np.exp(O[t]) / np.exp(O[t]).sum(axis=0)"),
    ("MASK-5", "vec(S).T @ vec(H[tau]) - ", "-"),
    ("MASK-5", "M[t].T @ np.log", "M[1].T @ np.log"),
    ("MASK-6", "M[t] * (", "("),
    ("MASK-6", "onehot(Y[t]", "onehot(Y[1]"),
    ("MASK-7", " + S", ""),
    ("MASK-7", "W_hq.T", "W_hq.T / 2"),
    ("MASK-8", " + (1 - M[t + 1]) * grad_H[t + 1]", ""),
    ("MASK-8", "(1 - M[t + 1])", "(1 - M[t])"),
    ("MASK-8", "(1 - M[t + 1]) * grad_H", "grad_H"),
    ("MASK-8", "W_hh.T", "W_hh"),
    ("MASK-9", "M[t] * ", ""),
    ("MASK-9", "M[t] * ", "M[1] * "),
    ("MASK-9", "H[t] ** 2", "H[t - 1] ** 2"),
    ("MASK-10", "M[t].T @", "M[1].T @ 2 *"),
    ("MASK-11", "H[t].T", "H[t - 1].T"),
    ("MASK-12", "steps(tau)", "steps(tau - 1)"),
    ("MASK-13", "H[t - 1].T", "H[t].T"),
    ("MASK-14", "X[t].T", "X[1].T"),
    ("MASK-15", "W_hh.T", "W_hh"),
    ("MASK-16", "grad_A[t]", "grad_A[1]"),
]


@pytest.mark.parametrize(("id", "old", "new"), MISTAKES)
def test_a_mistake_is_one_failure(id, old, new):
    check_is_one_failure(slipped(id, old, new), [problem(7)])


def test_every_equation_has_a_mistake():
    assert {id for id, *_ in MISTAKES} == {e.id for e in EQUATIONS}


def test_a_mask_left_out_of_the_way_back_spoils_its_own_chain():
    p = problem(7)
    spoiled = evaluate(chain(slipped("MASK-9", "M[t] * ", "")), p.given())
    right = engine_values(p)
    for name in ("W_xh", "W_hh"):
        assert relative_error(spoiled[f"grad_{name}"], right[f"grad_{name}"]) > 1e-3
