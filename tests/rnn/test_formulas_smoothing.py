"""Laplace smoothing and perplexity: exact fractions, limits, the n-gram models, and planted errors."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from rnn.baselines import NGram, Uniform
from rnn.formulas import REGISTRY, evaluate, find, notation
from rnn.formulas.notation import Term, read_latex, read_source, read_text
from rnn.metrics import evaluate as measure
from rnn.verify import check
from rnn.witnesses.smoothing import Smoothing, random_smoothing

SMOOTHING = find("smoothing")
TEXT = [0, 1, 0, 2, 0, 1, 2]  # a b a c a b c


def drawn(seed=0, *, steps=5, vocabulary=4):
    return random_smoothing(
        "smoothing", np.random.default_rng(seed), steps=steps, inputs=2, hidden=3, vocabulary=vocabulary
    )


def counted(ids, epsilon, *, measured=(0, 1), vocabulary=3):
    """The chain for a text."""
    p = Smoothing("smoothing", np.array(ids), np.array(measured), vocabulary, epsilon)
    return evaluate(SMOOTHING, p.given())


@pytest.mark.parametrize("seed", range(20))
def test_every_equation_agrees_with_the_models_that_count_themselves(seed):
    for c in check(SMOOTHING, [drawn(seed, steps=3 + seed % 4, vocabulary=2 + seed % 5)]):
        assert c.ok, c
        assert c.chain < 1e-12


def test_no_text_has_counts_that_are_the_same_both_ways():
    for seed, m in product(range(20), (2, 3, 5)):
        C = drawn(seed, vocabulary=m).given()["C"]
        assert (C.sum(axis=0) != C.sum(axis=1)).any()


@pytest.mark.parametrize(
    ("id", "text", "latex"), [("SMOOTHING-2", "ε_2", r"\epsilon_2"), ("SMOOTHING-5", "Q_c", "Q_c")]
)
def test_a_number_or_a_letter_below_is_part_of_the_name(id, text, latex):
    e = REGISTRY[id]
    right = {*read_source(e.code), e.given}
    assert Term(text, "") in right
    assert read_text(e.text.replace(text, text[:-1] + "3")) != right
    assert read_latex(e.latex.replace(latex, latex[:-1] + "3")) != right
    assert notation.symbol(notation.name(text)) == text


# By hand


def test_by_hand():
    """a b a c a b c, ε = (3, 2, 1): n = (3, 2, 2), N = 7, P̂(a) = 4/10, P̂(b) = P̂(c) = 3/10."""
    found = counted(TEXT, (3.0, 2.0, 1.0))
    np.testing.assert_allclose(found["p"][:, 0], [0.4, 0.3, 0.3], rtol=1e-15)
    np.testing.assert_allclose(found["Q"][0], [0.8 / 5, 2.6 / 5, 1.6 / 5], rtol=1e-15)  # a b twice, a c once
    np.testing.assert_allclose(found["Q"][2], [1.8 / 4, 0.6 / 4, 0.6 / 4], rtol=1e-15)  # c a once; c ends the text
    np.testing.assert_allclose(found["Q_c"][2], [1.8 / 3, 0.6 / 3, 0.6 / 3], rtol=1e-15)
    np.testing.assert_allclose(found["R"][0 * 3 + 1], [1.4 / 3, 0.3 / 3, 1.3 / 3], rtol=1e-15)  # a b a and a b c
    np.testing.assert_allclose(found["R"][1 * 3 + 1], [0.4, 0.3, 0.3], rtol=1e-15)  # b b never occurs


def exact(ids, epsilon, m):
    """P̂ as printed, in fractions, from counts of the text's pieces; each a function of tokens."""
    times = Counter(tuple(ids[k : k + size]) for size in (1, 2, 3) for k in range(len(ids) - size + 1))
    one, two, three = map(Fraction, epsilon)

    def unigram(x):
        return (times[(x,)] + one / m) / (len(ids) + one)

    def bigram(x, y):
        return (times[(x, y)] + two * unigram(y)) / (times[(x,)] + two)

    def trigram(x, y, z):
        return (times[(x, y, z)] + three * unigram(z)) / (times[(x, y)] + three)

    return unigram, bigram, trigram


def test_the_tables_are_the_printed_fractions():
    rng = np.random.default_rng(3)
    ids, epsilon = rng.integers(0, 3, 20).tolist(), (0.75, 1.25, 2.5)
    found, (unigram, bigram, trigram) = counted(ids, epsilon), exact(ids, epsilon, 3)
    for x, y, z in product(range(3), repeat=3):
        assert found["p"][x, 0] == pytest.approx(float(unigram(x)), rel=1e-14)
        assert found["Q"][x, y] == pytest.approx(float(bigram(x, y)), rel=1e-14)
        assert found["R"][3 * x + y, z] == pytest.approx(float(trigram(x, y, z)), rel=1e-14)


def test_perplexity_by_hand():
    """Probabilities 1/2, 1/4 and 1/8: the geometric mean of 2, 4 and 8 is 4, where the harmonic would be 3.43."""
    equations = [REGISTRY["SMOOTHING-8"], REGISTRY["SMOOTHING-9"]]
    found = evaluate(equations, {"s": {1: 0.5, 2: 0.25, 3: 0.125}, "tau": 3})
    assert found["L"] == pytest.approx(2 * math.log(2), rel=1e-15)
    assert found["G"] == pytest.approx(4, rel=1e-14)
    assert evaluate(equations, {"s": {1: 1.0, 2: 1.0}, "tau": 2})["G"] == 1
    with np.errstate(divide="ignore"):
        assert evaluate(equations, {"s": {1: np.float64(0), 2: 1.0}, "tau": 2})["G"] == math.inf


# What they promise


def test_rows_sum_to_1_but_the_printed_ones_of_what_ends_the_text():
    p = drawn(5)
    found, (last, before), (_, two, three) = evaluate(SMOOTHING, p.given()), p.ids[[-1, -2]], p.epsilon
    assert found["p"].sum() == pytest.approx(1, rel=1e-14)
    np.testing.assert_allclose(found["Q_c"].sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(found["R_c"].sum(axis=1), 1, rtol=1e-14)
    short = np.ones(4)
    short[last] -= 1 / (np.sum(p.ids == last) + two)
    np.testing.assert_allclose(found["Q"].sum(axis=1), short, rtol=1e-14)
    pairs = Counter(pairwise(p.ids.tolist()))
    short = np.ones(16)
    short[4 * before + last] -= 1 / (pairs[int(before), int(last)] + three)
    np.testing.assert_allclose(found["R"].sum(axis=1), short, rtol=1e-14)


def test_limits():
    """No smoothing leaves the ratios of counts; a lot of it leaves 1/m, P̂(x′), P̂(x″), and chained P̂(x″ | x′)."""
    text, large = TEXT, 1e12
    np.testing.assert_allclose(counted(text, (large, 1, 1))["p"], 1 / 3, rtol=1e-10)
    found = counted(text, (1, large, large))
    np.testing.assert_allclose(found["Q"], np.tile(found["p"].T, (3, 1)), rtol=1e-10)
    np.testing.assert_allclose(found["R"], np.tile(found["p"].T, (9, 1)), rtol=1e-10)
    chained = counted(text, (1, 2, large))
    np.testing.assert_allclose(chained["R_c"], np.tile(chained["Q_c"], (3, 1)), rtol=1e-10)
    little = counted(text, (0, 1e-13, 1e-13))
    np.testing.assert_allclose(little["p"][:, 0], [3 / 7, 2 / 7, 2 / 7], rtol=1e-12)
    np.testing.assert_allclose(little["Q"][0], [0, 2 / 3, 1 / 3], atol=1e-12)
    np.testing.assert_allclose(little["R"][0 * 3 + 1], [1 / 2, 0, 1 / 2], atol=1e-12)


def test_a_model_that_knows_nothing_has_perplexity_m_and_so_has_uniform():
    found = counted(TEXT, (1e15, 1e15, 1), measured=(0, 2, 1, 1, 0))
    assert found["G"] == pytest.approx(3, rel=1e-12)
    assert measure(Uniform(3), [2, 1, 1, 0], rng=np.random.default_rng(0)).perplexity == pytest.approx(3, rel=1e-12)


def test_perplexity_is_that_of_the_model_on_a_longer_text():
    """The first token is given, so it is left out of the model's mean."""
    rng = np.random.default_rng(8)
    ids, measured = rng.integers(0, 5, 200), rng.integers(0, 5, 41)
    found = counted(ids, (0.5, 3.0, 1.0), measured=measured, vocabulary=5)
    model = NGram(2, "d2l", epsilon=(0.5, 3.0)).fit(ids, vocabulary=5)
    each = [-math.log(model.next_distribution([x])[y]) for x, y in pairwise(measured.tolist())]
    assert found["L"] == pytest.approx(math.fsum(each) / 40, rel=1e-13)
    whole = measure(model, measured, rng=rng).nats * 41 + math.log(model.next_distribution([])[measured[0]])
    assert math.log(found["G"]) == pytest.approx(whole / 40, rel=1e-13)


# Planted errors

WRONG = [
    ("SMOOTHING-1", "epsilon_1 / m", "epsilon_1"),
    ("SMOOTHING-1", "(N + epsilon_1)", "N"),
    ("SMOOTHING-1", "(N + epsilon_1)", "(N + m * epsilon_1)"),
    ("SMOOTHING-2", "p.T", "p"),
    ("SMOOTHING-2", "epsilon_2 * p.T", "epsilon_2"),
    ("SMOOTHING-2", "(n + epsilon_2)", "(n.T + epsilon_2)"),
    ("SMOOTHING-2", "(n + epsilon_2)", "(C.sum(axis=1, keepdims=True) + epsilon_2)"),
    ("SMOOTHING-3", "vec(C.T)", "vec(C)"),
    ("SMOOTHING-3", "vec(C.T)", "D.sum(axis=1, keepdims=True)"),
    ("SMOOTHING-4", "C @ u", "C.T @ u"),
    ("SMOOTHING-5", "C +", "C.T +"),
    ("SMOOTHING-6", "kron(u, Q_c)", "kron(Q_c, u)"),
    ("SMOOTHING-7", "Q @", "Q.T @"),
    ("SMOOTHING-8", "(1 / tau) * ", ""),
    ("SMOOTHING-8", "np.log", "np.log2"),
    ("SMOOTHING-9", "np.exp(L)", "2**L"),
]


@pytest.mark.parametrize(("id", "old", "new"), WRONG)
def test_a_planted_error_is_noticed_and_stays_in_its_place(id, old, new):
    failed = check_is_one_failure(slipped(id, old, new), [drawn(seed) for seed in range(2)])
    assert np.isfinite(failed.engine)  # it is computed, and comes to something else
