"""aⁿbⁿ and words of brackets, against lists of every string of the language."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.tasks import AnBn, Dyck


def rng(seed=0):
    return np.random.default_rng(seed)


def balanced(word, kinds, depth):
    """Whether every bracket closes the last one open, and never more than `depth` are."""
    stack = []
    for bracket in word:
        if bracket <= kinds:
            stack.append(bracket)
        elif not stack or stack.pop() != bracket - kinds:
            return False
        if len(stack) > depth:
            return False
    return not stack


def words(pairs, kinds, depth):
    return [w for w in product(range(1, 2 * kinds + 1), repeat=2 * pairs) if balanced(w, kinds, depth)]


def chances(task):
    """P of every string of a task, found by trying all strings."""
    if isinstance(task, AnBn):
        sizes = range(task.least, task.longest + 1)
        return {tuple(sorted(list(range(1, task.letters + 1)) * n)): 1 / len(sizes) for n in sizes}
    sizes = range(task.least or task.pairs, task.pairs + 1)
    lists = [words(n, task.kinds, task.depth) for n in sizes]
    return {w: 1 / len(found) / len(sizes) for found in lists for w in found}


TASKS = [
    AnBn(4),
    AnBn(5, 3),
    AnBn(1),
    AnBn(3, 1, 3),
    Dyck(3, 2, 2),
    Dyck(3, 1, 3),
    Dyck(3, 2, 3, least=1),
    Dyck(2, 3, 1),
]


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_the_optimum_is_the_entropy_of_all_strings_over_their_targets(task):
    p = chances(task)
    total, length = -sum(q * np.log(q) for q in p.values()), sum(q * (len(w) + 1) for w, q in p.items())
    assert sum(p.values()) == pytest.approx(1)
    assert task.optimum == pytest.approx(total / length)


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_each_step_costs_what_the_strings_that_go_on_so_say(task):
    p, begins = chances(task), Counter()
    for word, q in p.items():
        for t in range(len(word) + 1):
            begins[word[:t]] += q
    found = task.draw(60, rng(1))
    cost = task.nats(found)
    for b, length in enumerate(found.lengths):
        word = tuple(found.targets[: length - 1, b].tolist())
        assert word in p
        assert found.inputs[:length, b].tolist() == [0, *word]
        assert found.targets[length - 1, b] == 0
        after = [begins[word[: t + 1]] for t in range(len(word))] + [p[word]]
        right = [-np.log(a / begins[word[:t]]) for t, a in enumerate(after)]
        np.testing.assert_allclose(cost[:length, b], right, atol=1e-9)
        assert cost[:, b].sum() == pytest.approx(-np.log(p[word]))  # the chain rule
    assert (cost[~found.asked] == 0).all()


@pytest.mark.parametrize("task", [AnBn(4, 2), Dyck(3, 1, 3), Dyck(2, 2, 2, least=1)], ids=repr)
def test_strings_come_as_often_as_they_should(task):
    found, p = task.draw(8000, rng(2)), chances(task)
    seen = Counter(tuple(found.targets[: n - 1, b].tolist()) for b, n in enumerate(found.lengths))
    assert seen.keys() == p.keys()
    squares = sum((seen[w] - 8000 * q) ** 2 / (8000 * q) for w, q in p.items())  # χ² with df degrees of freedom
    df = len(p) - 1
    assert squares < df + 5 * np.sqrt(2 * df)


@pytest.mark.parametrize(("pairs", "catalan"), [(1, 1), (2, 2), (3, 5), (4, 14), (10, 16_796), (30, 3814986502092304)])
def test_without_a_bound_the_words_are_catalans(pairs, catalan):
    assert Dyck(pairs, 1, pairs).ways[2 * pairs][0] == catalan
    assert Dyck(pairs, 3, pairs + 2).ways[2 * pairs][0] == catalan * 3**pairs


def test_words_of_depth_one_are_pairs_in_a_row():
    task = Dyck(7, 3, 1)
    assert task.ways[14][0] == 3**7
    assert task.optimum == pytest.approx(7 * np.log(3) / 15)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 3), st.integers(1, 6), st.integers(0, 2**32))
def test_long_words_match_and_cost_their_entropy(pairs, kinds, depth, seed):
    task = Dyck(pairs, kinds, depth)
    found = task.draw(5, rng(seed))
    assert all(balanced(column[:-1].tolist(), kinds, depth) for column in found.targets.T)
    np.testing.assert_allclose(task.nats(found).sum(axis=0), task.optimum * (2 * pairs + 1), rtol=1e-9)


def test_very_long_words_do_not_underflow():
    task = Dyck(400, 4, 5)
    found = task.draw(1, rng(1))
    np.testing.assert_allclose(task.nats(found).sum(), task.optimum * 801, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(0, 40), st.integers(2, 4), st.integers(0, 2**32))
def test_runs_are_equally_long_and_all_is_paid_before_the_first_b(least, more, letters, seed):
    task = AnBn(least + more, least, letters)
    found = task.draw(6, rng(seed))
    for b, length in enumerate(found.lengths):
        counts = np.bincount(found.targets[:length, b], minlength=letters + 1)
        assert counts.tolist() == [1, *[counts[1]] * letters]
        assert least <= counts[1] <= least + more
        assert (np.diff(found.targets[: length - 1, b]) >= 0).all()
    cost = task.nats(found)
    assert (cost[found.inputs > 1] == 0).all()
    np.testing.assert_allclose(cost.sum(axis=0), np.log(more + 1), atol=1e-9)
