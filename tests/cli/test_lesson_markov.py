"""The lesson on Markov chains: what is particular to it, and what breaks its claims."""

import math
from functools import partial
from itertools import product

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, forgetting, replaced

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Cloud, Table
from cli.lessons.markov import ahead, back, causes, change, network, order
from cli.lessons.markov.counting import counts, errors
from cli.lessons.markov.weather import WEATHER, diary, weather, written
from cli.render.clouds import cloud
from rnn.baselines import MarkovChain

LESSON = lessons.load("markov")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(change.diaries, change.turned, network.squares)


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 45, 20, without=("network",))


@pytest.mark.parametrize("seed", range(3, 13))
def test_it_holds_for_more_seeds(seed):
    for name in set(LESSON.experiments) - {"network"}:
        assert failing(name, seed) == [], name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 13))
def test_the_network_holds_for_more_seeds(seed):
    assert failing("network", seed) == []


# What is wrong is noticed


def test_a_diary_by_another_rule_is_noticed(monkeypatch):
    other = MarkovChain.of(0.5 * WEATHER + 0.5 / 3).sample(8000, rng=np.random.default_rng(0))
    for module in (order, ahead, back):
        monkeypatch.setattr(module, "diary", lambda days, seed: other)
    assert fails("pages_of_it", "the rule that made the diary")
    assert fails("yesterday_too", "the row of today alone")
    assert fails("counted", "A A and every second day")
    assert fails("backwards", "read from its end")


def test_a_diary_without_memory_is_noticed(monkeypatch):
    shuffled = np.random.default_rng(0).permutation(diary(8000, 0))
    for module in (order, ahead, back):
        monkeypatch.setattr(module, "diary", lambda days, seed: shuffled)
    assert fails("pages_of_it", "without memory")
    assert fails("counted", "up to a week")
    assert fails("backwards", "it and the diary read from its end")


def test_a_diary_that_needs_yesterday_is_noticed(monkeypatch):
    """Every day twice: yesterday tells whether this is the second."""
    monkeypatch.setattr(order, "diary", lambda days, seed: np.repeat(diary(days // 2, seed), 2))
    assert fails("yesterday_too", "the row of today alone")


def test_a_wrong_two_step_formula_is_noticed(monkeypatch):
    replaced(monkeypatch, "MARKOV-5", "A @ A", "A.T @ A")
    assert fails("ways", "sum over all ways")
    assert fails("from_the_joint", "every equation")


def test_a_way_left_out_is_noticed(monkeypatch):
    monkeypatch.setattr(ahead, "way", lambda A, *days: 0.0 if days[1] == 2 else math.prod(A[days[:-1], days[1:]]))
    assert fails("ways", "sum over all ways")
    assert fails("far_ahead", "ways listed")


def test_one_joint_from_a_wrong_end_is_noticed(monkeypatch):
    """The way back without Bayes, or by tomorrow's shares."""
    replaced(monkeypatch, "MARKOV-11", "(A.T @ diag(pi[t])) / pi[t + 1]", "A.T / A.sum(axis=0)[:, None] + 0 * pi[t]")
    assert fails("backwards", "MARKOV-11")
    assert fails("both_ways", "end in one number")
    assert fails("both_ways", "random chains")
    assert fails("both_ways", "changes from day to day")
    monkeypatch.undo()
    replaced(monkeypatch, "MARKOV-11", "diag(pi[t])) / pi[t + 1]", "diag(pi[t + 1])) / pi[t]")
    assert fails("both_ways", "end in one number")


def test_a_law_that_stays_put_is_noticed(monkeypatch):
    replaced(monkeypatch, "MARKOV-7", "A.T @ pi[t]", "A @ pi[t]")
    assert fails("far_ahead", "stationary")
    assert fails("both_ways", "each row of R")


def test_joints_of_the_chain_that_differ_are_noticed(monkeypatch):
    right = MarkovChain.log_probs_backwards
    monkeypatch.setattr(MarkovChain, "log_probs_backwards", lambda self, ids: right(self, ids[::-1]))
    assert fails("both_ways", "sums of logarithms")


def test_orders_exchanged_are_noticed(monkeypatch):
    right = order.asked
    monkeypatch.setattr(order, "asked", lambda k, source, seed: right({1: 2, 2: 1}.get(k, k), source, seed))
    assert fails("orders", "two days: unread")
    assert fails("orders", "what theory says")


def test_noise_that_depends_on_the_cause_is_noticed(monkeypatch):
    right = causes.cause_and_effect

    def uneven(rule, count, rng, noise):
        pairs = right(rule, count, rng, 0.0)
        return pairs._replace(effect=pairs.effect + rng.normal(0, noise, count) * (1 + pairs.cause**2))

    monkeypatch.setattr(causes, "cause_and_effect", uneven)
    assert fails("cubic", "effect, knowing the cause")
    assert fails("linear", "effect, knowing the cause")


def test_cause_and_effect_exchanged_is_noticed(monkeypatch):
    right = causes.cause_and_effect
    monkeypatch.setattr(causes, "cause_and_effect", lambda *a: right(*a)._replace(cause=right(*a).effect))
    assert len(failing("cubic")) >= 2


def test_a_cause_that_is_bent_is_not_linear(monkeypatch):
    right = causes.cause_and_effect
    monkeypatch.setattr(causes, "cause_and_effect", lambda rule, *rest: right("cubic", *rest))
    assert fails("linear", "cause, knowing the effect")


@pytest.mark.usefixtures("afresh")
def test_a_rule_that_stays_is_noticed(monkeypatch):
    monkeypatch.setattr(change, "turned", lambda: change.Switched(*[change.markov_source(WEATHER)] * 2))
    assert fails("changed", "loses, on the second")
    assert fails("changed", "one table for all loses")
    assert fails("noticed", "each further day")


@pytest.mark.usefixtures("afresh")
def test_a_change_elsewhere_is_noticed(monkeypatch):
    right = change.Switched.sample

    def early(self, length, rng):
        return np.concatenate([right(self, length // 2, rng), self.after.sample(length - length // 2, rng)])

    monkeypatch.setattr(change.Switched, "sample", early)
    assert fails("told", "off the true one")
    assert fails("told", "above the best possible")


@pytest.mark.usefixtures("afresh")
def test_a_time_that_stands_still_is_noticed(monkeypatch):
    right = network.pairs
    monkeypatch.setattr(
        network,
        "pairs",
        lambda series, timed: (lambda x, y: (x * ([1, 0] if timed else 1), y))(*right(series, timed=timed)),
    )
    assert fails("network", "told the time")
    assert fails("network", "told, to not told")


# Its parts


@given(st.integers(2, 3), st.lists(st.integers(0, 2), min_size=4, max_size=30))
def test_counts_one_by_one(length, ids):
    found = counts(np.array(ids), length)
    for run in product(range(3), repeat=length):
        assert found[run] == sum(tuple(ids[k : k + length]) == run for k in range(len(ids) - length + 1))


def test_standard_errors_by_hand():
    """100 throws of a coin with 3/10, of which 36 came up: 6 too many, where √(100 · 0.3 · 0.7) is usual."""
    assert errors(np.array([[36.0, 64.0]]), np.array([[0.3, 0.7]])) == pytest.approx(
        6 / math.sqrt(21) * np.array([[1, -1]])
    )


def test_standard_errors_are_of_size_one():
    """Over many diaries the errors have mean 0 and variance 1, or the bound of five would mean nothing."""
    found = np.array([errors(counts(weather().sample(600, rng=np.random.default_rng(s))), WEATHER) for s in range(120)])
    assert np.abs(found.mean(axis=0)).max() < 0.4
    assert np.abs(found.std(axis=0) - 1).max() < 0.3


@given(st.floats(0.5, 2.0), st.floats(-3, 3), st.floats(0.2, 2.0), st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_what_is_left_open_is_the_noise(scale, slope, noise, seed):
    rng = np.random.default_rng(seed)
    x = scale * rng.standard_normal(20_000)
    found = causes.left_open(x, slope * x + noise * rng.standard_normal(20_000))
    assert found == pytest.approx(np.full(10, noise**2), rel=0.25)


def test_the_listing_by_hand():
    A = np.array([[0.5, 0.5], [0.2, 0.8]])
    assert ahead.by_listing(A, 0, 1, 1) == 0.5
    assert ahead.by_listing(A, 0, 1, 2) == pytest.approx(0.5 * 0.5 + 0.5 * 0.8)
    assert ahead.by_listing(A, 1, 0, 3) == pytest.approx(np.linalg.matrix_power(A, 3)[1, 0])


def test_the_diary_is_read_from_its_front():
    assert written(np.array([0, 1, 2, 2])) == "cfss"
    assert (diary(4000, 3) == diary(8000, 3)[:4000]).all()


def test_inputs_of_the_network():
    series = np.array([[1.0, 2, 3], [4, 5, 6]])
    values, wanted = network.pairs(series, timed=False)
    assert values.tolist() == [[1], [2], [4], [5]]
    assert wanted.tolist() == [[2], [3], [5], [6]]
    assert network.pairs(series, timed=True)[0].tolist() == [[1, -1], [2, 0], [4, -1], [5, 0]]


# What is shown


def test_the_ways_on_the_page_add_up():
    table = conduct(LESSON.experiments["ways"], seed=0).figures[0]
    assert isinstance(table, Table)
    *each, total = table.rows
    for _, written_out, chance in each:
        assert math.prod(map(float, written_out.split(" × "))) == pytest.approx(chance)
    assert sum(row[-1] for row in each) == pytest.approx(total[-1])


def test_factors_on_the_page_multiply_to_one_product():
    table = conduct(LESSON.experiments["both_ways"], seed=4).figures[0]
    *each, total = table.rows
    for column in (2, 3):
        assert math.prod(float(row[column]) for row in each) == pytest.approx(float(total[column]), rel=0.02)
    assert total[2] == total[3]


@pytest.mark.parametrize("width", [30, 54, 80])
def test_a_cloud_has_a_dot_for_each_point(width):
    figure = Cloud("a cloud", (-2.0, 0.0, 3.0), (-1.0, 0.5, 4.0), "x")
    lines = cloud(figure, width).plain.splitlines()
    assert max(map(len, lines)) <= width
    dots = sum(bin(ord(c) - 0x2800).count("1") for line in lines for c in line if "⠀" <= c <= "⣿")
    assert dots == 3
    first, *_, last = [i for i, line in enumerate(lines) if any("⠀" < c <= "⣿" for c in line)]
    assert lines[first].startswith("4.0") or "4.0" in lines[first]
    assert "−1.0" in lines[last]
    assert lines[first].rstrip()[-1] > "⠀" < lines[last].rstrip()[-1]
    assert "−2.0" in lines[-1]
    assert lines[-1].endswith("3.0")


def test_points_on_one_spot_are_drawn():
    assert "⠀" not in cloud(Cloud("one", (1.0, 1.0), (2.0, 2.0), "x"), 40).plain
