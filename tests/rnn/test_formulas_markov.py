"""The equations of Markov chains: exact fractions by hand, the chains that count, and planted errors."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from rnn.baselines import MarkovChain
from rnn.errors import RnnError
from rnn.formulas import REGISTRY, evaluate, find
from rnn.verify import chain, check
from rnn.witnesses.markov import Chain, random_markov

MARKOV = find("markov")


def drawn(seed=0, *, steps=5, vocabulary=4):
    rng = np.random.default_rng(seed)
    return random_markov("markov", rng, steps=steps, inputs=2, hidden=3, vocabulary=vocabulary)


def of(A, p, ids):
    return evaluate(MARKOV, Chain("markov", np.array(A), np.array(p), np.array(ids)).given())


@pytest.mark.parametrize("seed", range(20))
def test_every_equation_agrees_with_sums_over_all_texts(seed):
    for c in check(MARKOV, [drawn(seed, steps=3 + seed % 4, vocabulary=2 + seed % 4)]):
        assert c.ok, c
        assert c.chain < 1e-12


@pytest.mark.parametrize(("steps", "vocabulary"), [(2, 3), (4, 1), (3, 2)])
def test_two_tokens_and_one_kind_of_token(steps, vocabulary):
    for c in check(MARKOV, [drawn(steps=steps, vocabulary=vocabulary)]):
        if c.equation.places({"tau": steps}):
            assert c.ok, c


def test_the_first_token_is_another_and_too_many_texts_are_refused():
    assert all(drawn(seed, steps=3, vocabulary=2).ids.tolist() in ([0, 1, 1], [1, 0, 0]) for seed in range(30))
    with pytest.raises(RnnError, match=r"8 tokens over 6 steps make 262144 texts; random_markov; at most 200000"):
        drawn(steps=6, vocabulary=8)


# By hand


def test_by_hand():
    """Rain and sun, first rain for sure: P(x″ = rain | rain) = .9 · .9 + .1 · .4 = .85."""
    found = of([[0.9, 0.1], [0.4, 0.6]], [1.0, 0.0], [0, 1, 1])
    np.testing.assert_allclose(REGISTRY["MARKOV-5"](found), [[0.85, 0.15], [0.6, 0.4]], rtol=1e-15)
    np.testing.assert_allclose(found["pi"][3][:, 0], [0.85, 0.15], rtol=1e-15)
    assert [found["f"][t] for t in (1, 2, 3)] == pytest.approx([1, 0.1, 0.06], rel=1e-15)
    assert found["P"] == pytest.approx(0.06, rel=1e-14)
    assert [found["g"][t] for t in (3, 2, 1)] == pytest.approx([0.15, 0.06, 0.06], rel=1e-14)
    np.testing.assert_allclose(found["R"][2], [[0.81 / 0.85, 0.04 / 0.85], [0.09 / 0.15, 0.06 / 0.15]], rtol=1e-14)


def test_the_ratio_and_the_product_are_one_table_in_fractions():
    """Seed 004 eq. 3, line by line, over all three tokens."""
    A = [[Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(0), Fraction(1, 4), Fraction(3, 4)],
         [Fraction(2, 5), Fraction(2, 5), Fraction(1, 5)]]  # fmt: skip
    p = [Fraction(1, 2), Fraction(1, 8), Fraction(3, 8)]
    found = of(np.array(A, float), np.array(p, float), [0, 1, 2])
    for a, b in product(range(3), repeat=2):
        ends = sum(p[a] * A[a][m] * A[m][b] for m in range(3))
        assert found["K"][a, b] == pytest.approx(float(ends), rel=1e-14)
        for id in ("MARKOV-4", "MARKOV-5"):
            assert REGISTRY[id](found)[a, b] == pytest.approx(float(ends / p[a]), rel=1e-14)
        for c in range(3):
            assert found["D"][3 * a + b, c] == pytest.approx(float(p[a] * A[a][b] * A[b][c]), rel=1e-14)


# The chains themselves


def test_the_chains_of_the_baselines_say_the_same():
    p = drawn(3)
    found, model = evaluate(MARKOV, p.given()), MarkovChain.of(p.A, p.p)
    np.testing.assert_allclose(model.k_step(2), found["Q"], rtol=1e-13)
    np.testing.assert_allclose(np.log(found["P"]), model.log_joint(p.ids), rtol=1e-13)
    np.testing.assert_allclose(
        np.cumsum(model.log_probs(p.ids)), np.log([found["f"][t] for t in range(1, 6)]), rtol=1e-12
    )
    backwards = np.cumsum(model.log_probs_backwards(p.ids)[::-1])[::-1]
    np.testing.assert_allclose(backwards, np.log([found["g"][t] for t in range(1, 6)]), rtol=1e-12)
    for t in range(1, 5):
        np.testing.assert_allclose(found["pi"][t + 1][:, 0], p.p @ model.k_step(t), rtol=1e-13)


def test_from_a_stationary_start_the_way_back_does_not_change():
    model = MarkovChain.of(drawn(4).A)
    found = of(model.transition, model.stationary(), [0, 1, 2, 3])
    for t in (1, 2, 3):
        np.testing.assert_allclose(found["R"][t], model.reversed().transition, rtol=1e-12)


@pytest.mark.parametrize("id", ["MARKOV-10", "MARKOV-14"])
def test_the_probabilities_of_all_texts_sum_to_1(id):
    p = drawn(5, steps=3, vocabulary=3)
    each = [
        evaluate(chain(REGISTRY[id]), Chain("markov", p.A, p.p, np.array(ids)).given())["P"]
        for ids in product(range(3), repeat=3)
    ]
    assert sum(each) == pytest.approx(1, rel=1e-13)


# Planted errors

WRONG = [
    ("MARKOV-1", "diag(p) @ A", "A @ diag(p)"),
    ("MARKOV-1", "diag(p) @ A", "A"),
    ("MARKOV-2", "J.T", "J"),
    ("MARKOV-2", "kron(u, A)", "kron(A, u)"),
    ("MARKOV-3", "kron(I, u.T)", "kron(u.T, I)"),
    ("MARKOV-4", "K / p", "K / p.T"),
    ("MARKOV-5", "A @ A", "A * A"),
    ("MARKOV-5", "A @ A", "A @ A.T"),
    ("MARKOV-5", "A @ A", "A @ A @ A"),
    ("MARKOV-7", "A.T", "A"),
    ("MARKOV-8", "y[1]", "y[2]"),
    ("MARKOV-9", "y[t].T @ A @ y[t + 1]", "y[t + 1].T @ A @ y[t]"),
    ("MARKOV-9", "f[t] * ", ""),
    ("MARKOV-10", "f[tau]", "f[tau - 1]"),
    ("MARKOV-11", "A.T", "A"),
    ("MARKOV-11", "pi[t + 1]", "pi[t]"),
    ("MARKOV-11", "diag(pi[t])", "pi[t]"),
    ("MARKOV-12", "pi[tau]", "pi[1]"),
    ("MARKOV-13", "R[t]", "R[t].T"),
    ("MARKOV-13", "R[t]", "R[1]"),
    ("MARKOV-14", "g[1]", "g[2]"),
]


@pytest.mark.parametrize(("id", "old", "new"), WRONG)
def test_a_planted_error_is_noticed_and_stays_in_its_place(id, old, new):
    check_is_one_failure(slipped(id, old, new), [drawn(seed) for seed in range(2)])
