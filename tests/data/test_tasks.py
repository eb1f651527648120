"""What holds for every task, and the small ones against lists of all their rows."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.tasks import Adding, AnBn, Blank, Copy, Dyck, Examples, Parity, Recall, Tagging, entropy, random_markov_source

seeds = st.integers(0, 2**32)
sizes = st.integers(1, 9)


def rng(seed=0):
    return np.random.default_rng(seed)


SOURCE = random_markov_source(3, 1, rng(8))
SOME = {
    "adding": Adding(6),
    "copy": Copy(3, 2, 4),
    "recall": Recall(7, 3, 4),
    "parity": Parity(5),
    "parity at the end": Parity(5, every_step=False),
    "aⁿbⁿ": AnBn(5, 2),
    "aⁿbⁿcⁿ": AnBn(4, letters=3),
    "dyck": Dyck(4, 2, 3),
    "dyck of many lengths": Dyck(4, 3, 2, least=1),
    "tagging": Tagging(6, 0.6),
    "blank": Blank(SOURCE, 2),
}
every_task = pytest.mark.parametrize("task", SOME.values(), ids=SOME)


def nats(counts):
    p = np.array(list(counts), float)
    return entropy(p / p.sum())


@every_task
@settings(max_examples=10, deadline=None)
@given(seeds, sizes)
def test_examples_are_what_they_say(task, seed, rows):
    found, again, other = (task.draw(rows, rng(s)) for s in (seed, seed, seed + 1))
    for name in ("inputs", "targets", "asked", "lengths"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
    steps = len(found.inputs)
    assert found.targets.shape == found.asked.shape == found.inputs.shape[:2] == (steps, rows)
    assert found.lengths.shape == (rows,)
    assert found.lengths.max() == steps
    inside = np.arange(steps)[:, None] < found.lengths
    assert not (found.asked & ~inside).any()
    assert found.asked.any(axis=0).all()
    assert (found.targets[~found.asked] == 0).all()
    assert (found.inputs[~inside] == 0).all()
    np.testing.assert_array_equal(found.last, [found.targets[n - 1, b] for b, n in enumerate(found.lengths)])
    if task.outputs:
        assert 0 <= found.targets.min() <= found.targets.max() < task.outputs
        assert 0 <= found.inputs.min() <= found.inputs.max() < task.symbols
    else:
        assert found.inputs.shape == (steps, rows, task.symbols)
    if rows > 5:
        assert other.inputs.shape != found.inputs.shape or (other.inputs != found.inputs).any()


@every_task
def test_the_guess_is_the_best_that_always_says_the_same(task):
    found = task.draw(6000, rng(1))
    asked = found.targets[found.asked]
    if task.outputs:
        assert task.guess == pytest.approx(nats(np.bincount(asked)), abs=0.015)
        assert len(np.unique(asked)) == task.outputs
    else:
        assert task.guess == pytest.approx(asked.var(), abs=0.015)
    assert 0 <= task.optimum < task.guess


@every_task
def test_no_rows_are_refused(task):
    with pytest.raises(DataError, match="rows is 0"):
        task.draw(0, rng())


def test_the_last_target_of_a_row_is_at_its_own_end():
    targets = np.array([[1, 2], [3, 4], [5, 0]])
    found = Examples(targets, targets, targets > 0, np.array([3, 2]))
    assert found.last.tolist() == [5, 4]


def test_adding_by_hand():
    found = Adding(7).draw(4000, rng(2))
    numbers, marks = found.inputs[..., 0], found.inputs[..., 1]
    assert found.inputs.dtype == found.targets.dtype == np.float32
    assert marks[:3].sum(axis=0).tolist() == marks[3:].sum(axis=0).tolist() == [1] * 4000
    np.testing.assert_array_equal(found.last, (numbers * marks).sum(axis=0))
    assert found.asked[-1].all()
    assert not found.asked[:-1].any()
    assert (marks.sum(axis=1) > 0).all()  # each step is marked in some row
    assert np.mean((found.last - 1) ** 2) == pytest.approx(1 / 6, abs=5 * 0.2 / np.sqrt(4000))
    assert Adding(7).draw(3, rng(), np.float64).targets.dtype == np.float64


def test_the_guess_of_adding_is_the_integral():
    u = (np.arange(2000) + 0.5) / 2000  # the mid-point rule
    assert np.mean((u[:, None] + u - 1) ** 2) == pytest.approx(Adding().guess, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(1, 4), st.integers(1, 6), seeds)
def test_copying_by_hand(kinds, length, delay, seed):
    found = Copy(kinds, length, delay).draw(3, rng(seed))
    for row in range(3):
        said = found.inputs[:length, row].tolist()
        blanks = [kinds] * (delay - 1)
        assert max(said) < kinds
        assert found.inputs[:, row].tolist() == [*said, *blanks, kinds + 1, *[kinds] * length]
        assert found.targets[found.asked[:, row], row].tolist() == said
        assert found.asked[:, row].tolist() == [False] * (length + delay) + [True] * length


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_recall_is_even_until_it_is_seen(lag):
    task, rows = Recall(5, lag), list(product(range(2), repeat=5))
    for seen in range(5):
        answers = {}
        for row in rows:
            answers.setdefault(row[5 - seen :], []).append(row[4 - lag])
        loss = sum(len(a) * nats(np.bincount(a)) for a in answers.values()) / len(rows)
        assert task.floor(seen) == pytest.approx(loss)
    found = task.draw(50, rng())
    assert (found.targets[lag:] == found.inputs[: 5 - lag]).all()
    assert found.asked.sum(axis=0).tolist() == [5 - lag] * 50


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), seeds)
def test_parity_by_hand(length, seed):
    found, last = (Parity(length, every).draw(4, rng(seed)) for every in (True, False))
    for row in found.inputs.T:
        odd = [sum(row[: t + 1].tolist()) % 2 for t in range(length)]
        assert odd in found.targets.T.tolist()
    np.testing.assert_array_equal(found.last, last.last)
    assert last.asked.sum(axis=0).tolist() == [1] * 4


@pytest.mark.parametrize("missing", range(4))
def test_parity_is_even_to_whoever_misses_one_bit(missing):
    answers = {}
    for row in product(range(2), repeat=4):
        answers.setdefault(row[:missing] + row[missing + 1 :], []).append(sum(row) % 2)
    assert all(nats(np.bincount(a)) == pytest.approx(Parity().guess) for a in answers.values())


def views(task):
    """Every row of classes with which words are open, and its probability."""
    inner = task.length - 2
    for kind in product(range(2), repeat=task.length):
        for hidden in product((False, True), repeat=inner):
            p = task.ambiguous ** sum(hidden) * (1 - task.ambiguous) ** (inner - sum(hidden))
            yield kind, (False, *hidden, False), p / 2**task.length


def tagged(kind, hidden, t):
    left = next(kind[s] for s in range(t, -1, -1) if not hidden[s])
    right = next(kind[s] for s in range(t, len(kind)) if not hidden[s])
    return 2 * left + right


@pytest.mark.parametrize("view", [(None, None), (None, 0), (None, 1), (0, None), (2, None), (0, 0), (1, 2), (None, 9)])
def test_the_floors_of_tagging_are_those_of_a_list_of_all_rows(view):
    task = Tagging(5, 0.7, words=1)
    behind, ahead = (9 if n is None else n for n in view)
    chances = {}
    for kind, hidden, p in views(task):
        words = tuple(2 if h else k for k, h in zip(kind, hidden, strict=True))
        for t in range(5):
            seen = t, words[max(0, t - behind) : t + ahead + 1]
            tag = tagged(kind, hidden, t)
            chances.setdefault(seen, np.zeros(4))[tag] += p / 5
    assert sum(c.sum() for c in chances.values()) == pytest.approx(1)
    assert task.floor(*view) == pytest.approx(sum(c.sum() * nats(c) for c in chances.values()))


def test_tags_by_hand():
    task = Tagging(8, 0.6, words=2)
    found = task.draw(300, rng(3))
    for words, tags in zip(found.inputs.T // 2, found.targets.T, strict=True):  # two words each: 0 0 1 1 2 2
        hidden = words == 2
        assert tags.tolist() == [tagged(words, hidden, t) for t in range(8)]
    assert len(np.unique(found.inputs)) == 6
    assert np.mean(found.inputs[1:-1] >= 4) == pytest.approx(0.6, abs=5 * 0.5 / np.sqrt(1800))
    assert Tagging(4, 0.0).guess == pytest.approx(np.log(2))


@pytest.mark.parametrize("reach", [1, 2])
def test_a_blank_costs_what_a_list_of_blocks_says(reach):
    task, table, pi = Blank(SOURCE, reach), SOURCE.emit, SOURCE.stationary  # of order 1: a state is a token
    sides, before, after = {}, {}, {}
    for block in product(range(3), repeat=2 * reach + 1):
        p = pi[block[0]] * np.prod([table[a, b] for a, b in pairwise(block)])
        x = block[reach]
        for seen, key in ((sides, block[:reach] + block[reach + 1 :]), (before, block[:reach])):
            seen.setdefault(key, np.zeros(3))[x] += p
        after.setdefault(block[reach + 1 :], np.zeros(3))[x] += p
    both, left, right = (sum(c.sum() * nats(c) for c in seen.values()) for seen in (sides, before, after))
    assert task.optimum == pytest.approx(both)
    assert task.one_side == pytest.approx(left)
    assert task.one_side == pytest.approx(right)  # the other side tells as much, if not the same
    assert task.optimum < task.one_side < task.guess
    found = task.draw(40, rng(4))
    assert (found.inputs[reach] == 3).all()
    assert found.asked.sum(axis=0).tolist() == [1] * 40
    draws = np.random.default_rng(4)
    texts = np.array([SOURCE.sample(2 * reach + 1, draws) for _ in range(40)]).T
    assert found.targets[reach].tolist() == texts[reach].tolist()
    assert np.delete(found.inputs, reach, axis=0).tolist() == np.delete(texts, reach, axis=0).tolist()


def test_entropy_by_hand():
    assert entropy([0.5, 0.5]) == pytest.approx(np.log(2))
    assert entropy([[1.0, 0.0], [0.25, 0.75]]).tolist() == pytest.approx([0, np.log(4) - 0.75 * np.log(3)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Adding(1), "length is 1"),
        (lambda: Copy(1), "kinds is 1"),
        (lambda: Copy(2, 0), "length is 0"),
        (lambda: Copy(2, 1, 0), "delay is 0"),
        (lambda: Recall(2, 2), "rows of 2 steps never reach back 2"),
        (lambda: Recall(5, -1), "lag is -1"),
        (lambda: Recall(5, 2, 1), "symbols is 1"),
        (lambda: Recall().floor(-1), "seen is -1"),
        (lambda: Parity(0), "length is 0"),
        (lambda: Parity(2.0), "length is 2.0"),
        (lambda: AnBn(3, 4), "least is 4 and longest 3"),
        (lambda: AnBn(3, 0), "least is 0"),
        (lambda: AnBn(3, letters=1), "letters is 1"),
        (lambda: Dyck(0), "pairs is 0"),
        (lambda: Dyck(2, 0), "kinds is 0"),
        (lambda: Dyck(2, 1, 0), "depth is 0"),
        (lambda: Dyck(2, least=3), "least is 3 and pairs 2"),
        (lambda: Tagging(2), "length is 2"),
        (lambda: Tagging(5, 1.5), "ambiguous is 1.5"),
        (lambda: Tagging(5, 0.5, 0), "words is 0"),
        (lambda: Tagging().floor(-1), "seen is -1"),
        (lambda: Blank(SOURCE, 0), "reach is 0"),
        (lambda: Blank(SOURCE, 20), "too many blocks"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("; ") == 2
