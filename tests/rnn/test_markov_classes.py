"""Where a chain ends up: closed classes by closure, periods by powers, stationary distributions by linear algebra."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnn.baselines import MarkovChain, markov_classes
from rnn.errors import RnnError


@st.composite
def sparse(draw, order=1):
    """A chain over a few tokens in which most transitions are impossible."""
    vocabulary = draw(st.integers(1, 6 if order == 1 else 2))
    rows = []
    for _ in range(vocabulary**order):
        allowed = draw(st.lists(st.integers(0, vocabulary - 1), min_size=1, max_size=2))
        rows.append([draw(st.integers(1, 9)) * (v in allowed) for v in range(vocabulary)])
    table = np.array(rows, float)
    return MarkovChain.of((table / table.sum(axis=1, keepdims=True)).reshape((vocabulary,) * (order + 1)))


def lifted(chain):
    """The matrix over contexts, entry by entry."""
    contexts = list(product(range(chain.vocabulary), repeat=chain.order))
    P = chain.transition
    return np.array([[P[(*c, d[-1])] if c[1:] == d[:-1] else 0.0 for d in contexts] for c in contexts])


def closed_by_hand(matrix):
    """{states: period}: who reaches whom by closing the relation, and how long every way back is."""
    n = len(matrix)
    step = np.linalg.matrix_power(np.eye(n) + (matrix > 0), n) > 0
    found = {}
    for i in range(n):
        reached = frozenset(np.flatnonzero(step[i]).tolist())
        if all(step[j, i] for j in reached):
            powers = [(k, np.linalg.matrix_power(matrix, k)[i, i] > 0) for k in range(1, 3 * n * n)]
            found[reached] = math.gcd(*(k for k, back in powers if back))
    return found


def check(chain):
    matrix, V = lifted(chain), chain.vocabulary
    classes = chain.classes()
    numbered = [frozenset((c.contexts @ V ** np.arange(chain.order)[::-1]).tolist()) for c in classes]
    assert dict(zip(numbered, (c.period for c in classes), strict=True)) == closed_by_hand(matrix)
    for c, members in zip(classes, numbered, strict=True):
        pi = np.zeros(len(matrix))
        pi[sorted(members)] = c.distribution
        assert_allclose(pi @ matrix, pi, rtol=1e-12, atol=1e-16)
        assert pi.sum() == pytest.approx(1, rel=1e-13)
        assert (c.distribution > 0).all()


@settings(max_examples=120, deadline=None)
@given(chain=sparse())
def test_classes_of_order_1(chain):
    check(chain)


@settings(max_examples=60, deadline=None)
@given(chain=st.one_of(sparse(2), sparse(3)))
def test_classes_of_higher_orders(chain):
    check(chain)


@pytest.mark.parametrize(("order", "vocabulary"), [(1, 5), (2, 3), (3, 2)])
def test_stationary_is_the_left_eigenvector_of_1(order, vocabulary):
    rng = np.random.default_rng(order)
    chain = MarkovChain.of(rng.dirichlet(np.ones(vocabulary), size=(vocabulary,) * order))
    values, vectors = np.linalg.eig(lifted(chain).T)
    vector = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    assert_allclose(chain.stationary().ravel(), vector / vector.sum(), rtol=1e-11)
    assert_allclose(chain.start, chain.stationary())  # where none is given


def test_by_hand():
    """Rain and sun: π₁ · 0.1 = π₂ · 0.4, so (4/5, 1/5), and −0.8 (0.9 log 0.9 + 0.1 log 0.1) − 0.2 (…) nats."""
    chain = MarkovChain.of([[0.9, 0.1], [0.4, 0.6]])
    assert_allclose(chain.stationary(), [0.8, 0.2], rtol=1e-15)
    first = 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    second = 0.4 * math.log(0.4) + 0.6 * math.log(0.6)
    assert chain.entropy_rate() == pytest.approx(-0.8 * first - 0.2 * second, rel=1e-14)
    assert [(c.contexts.tolist(), c.period) for c in chain.classes()] == [([[0], [1]], 1)]


@pytest.mark.parametrize("tiny", [1e-3, 1e-12, 1e-60])
@pytest.mark.parametrize("turn", [1, -1])
def test_the_smallest_share_is_exact(tiny, turn):
    """A walk up with probability `tiny` and down with 1 − tiny: πₖ₊₁ = πₖ tiny / (1 − tiny)."""
    n = 5
    walk = np.zeros((n, n))
    for k in range(n):
        walk[k, max(k - 1, 0)] += 1 - tiny
        walk[k, min(k + 1, n - 1)] += tiny
    found = MarkovChain.of(walk[::turn, ::turn]).stationary()[::turn]
    assert_allclose(found[1:] / found[:-1], tiny / (1 - tiny), rtol=1e-13)


def test_a_periodic_chain_has_a_stationary_distribution_and_says_its_period():
    cycle = MarkovChain.of(np.roll(np.eye(4), 1, axis=1))
    assert_allclose(cycle.stationary(), 0.25)
    assert cycle.classes()[0].period == 4
    assert cycle.entropy_rate() == 0
    two = MarkovChain.of([[0, 0.5, 0.5], [1, 0, 0], [1, 0, 0]])
    assert_allclose(two.stationary(), [0.5, 0.25, 0.25])
    assert two.classes()[0].period == 2


def test_what_nothing_returns_to_has_no_share():
    chain = MarkovChain.of([[0.5, 0.25, 0.25], [0, 0.5, 0.5], [0, 1, 0]])
    assert_allclose(chain.stationary(), [0, 2 / 3, 1 / 3], rtol=1e-14)
    assert chain.reversed().transition[0].tolist() == [1 / 3] * 3
    assert_allclose(chain.reversed().transition[1:], [[0, 0.5, 0.5], [0, 1, 0]], rtol=1e-14)


def test_several_closed_classes_leave_it_open():
    chain = MarkovChain.of([[1, 0, 0, 0], [0.3, 0.2, 0.3, 0.2], [0, 0, 0, 1], [0, 0, 1, 0]])
    found = {tuple(c.contexts[:, 0].tolist()): (c.period, c.distribution.tolist()) for c in chain.classes()}
    assert found == {(0,): (1, [1.0]), (2, 3): (2, [0.5, 0.5])}
    says = (
        "the chain has 2 closed classes, each with a stationary distribution of its own; MarkovChain.stationary; take"
    )
    for ask in (
        chain.stationary,
        chain.entropy_rate,
        chain.reversed,
        lambda: chain.log_probs([0]),
        lambda: chain.start,
    ):
        with pytest.raises(RnnError, match=says):
            ask()
    rng = np.random.default_rng(0)
    assert chain.k_step(1).tolist() == chain.transition.tolist()  # what does not need it is there
    assert chain.sample(3, rng=rng, context=[2]).tolist() == [3, 2, 3]
    assert chain.next_distribution([3]).tolist() == [0, 0, 1, 0]
    told = MarkovChain.of(chain.transition, [0.5, 0, 0.5, 0])
    assert told.log_joint([2, 3]) == told.log_joint([2, 3], "backwards") == pytest.approx(math.log(0.5))


def test_the_entropy_rate_is_what_one_more_token_adds():
    """H(x₁ … x_{n+1}) − H(x₁ … x_n) of all texts, in the stationary chain of order 2."""
    chain = MarkovChain.of(np.random.default_rng(3).dirichlet(np.ones(3), size=(3, 3)))

    def entropy(n):
        logs = np.array([chain.log_joint(ids) for ids in product(range(3), repeat=n)])
        return -(np.exp(logs) * logs).sum()

    assert entropy(5) - entropy(4) == pytest.approx(chain.entropy_rate(), rel=1e-10)


# Many contexts


@settings(max_examples=30, deadline=None)
@given(chain=st.one_of(sparse(), sparse(2)))
def test_what_settles_is_what_elimination_finds(chain):
    exact = [c.distribution for c in chain.classes()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markov_classes, "LARGEST_ELIMINATION", 0)
        settled = MarkovChain.of(chain.transition).classes()
    for a, b in zip(settled, exact, strict=True):
        assert_allclose(a.distribution, b, atol=1e-12)


def test_what_does_not_settle_is_said(monkeypatch):
    monkeypatch.setattr(markov_classes, "LARGEST_ELIMINATION", 1)
    monkeypatch.setattr(markov_classes, "MOST_SWEEPS", 50)
    sticky = [[1 - 1e-6, 1e-6], [2e-6, 1 - 2e-6]]
    with pytest.raises(RnnError, match=r"over 2 contexts has not settled after 50 sweeps; MarkovChain.stationary"):
        MarkovChain.of(sticky).stationary()


def test_a_long_cycle_and_a_long_way_in():
    """Tokens that lead round once, and tokens that lead on to the last one."""
    n = 300
    assert MarkovChain.of(np.roll(np.eye(n), 1, axis=1)).classes()[0].period == n
    on = np.eye(n, k=1)
    on[-1, -1] = 1
    (last,) = MarkovChain.of(on).classes()
    assert (last.contexts.tolist(), last.period) == ([[n - 1]], 1)


def test_the_contexts_of_a_text_that_comes_round_are_as_frequent_as_there():
    """Of a text that ends as it began, the counts themselves are stationary."""
    rng = np.random.default_rng(5)
    text = rng.integers(0, 3, 400)
    text = np.append(text, text[:2])
    chain = MarkovChain(2).fit(text, vocabulary=3)
    counts = np.zeros((3, 3))
    np.add.at(counts, (text[:-2], text[1:-1]), 1)
    assert_allclose(chain.stationary(), counts / counts.sum(), rtol=1e-11)
