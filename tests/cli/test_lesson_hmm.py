"""The lesson on hidden Markov models: what is particular to it, and what breaks its claims."""

import math
from functools import partial
from itertools import pairwise, product

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, forgetting, replaced

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Table, Traces
from cli.lessons.hmm import best, costs, heard, learning, network, told
from cli.lessons.hmm.house import LONG_AGO, SOUNDS, START, WEATHER, house, random_models, record, short
from cli.lessons.hmm.listing import Listing, joint, paths
from rnn.baselines import HMM

LESSON = lessons.load("hmm")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(learning.fits, network.trained)
LONGER = {"learned", "by_itself", "best_sequence"}


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 35, 20, without=LONGER)


@pytest.mark.parametrize("seed", range(3, 13))
def test_it_holds_for_more_seeds(seed):
    for name in set(LESSON.experiments) - LONGER:
        assert failing(name, seed) == [], name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 13))
def test_what_is_trained_holds_for_more_seeds(seed):
    for name in ("learned", "by_itself"):
        assert failing(name, seed) == [], name


# What is wrong is noticed


def test_a_forward_pass_without_the_sound_is_noticed(monkeypatch):
    replaced(monkeypatch, "HMM-3", "A.T @ (e[t] * pi[t])", "A.T @ pi[t]")
    assert fails("forwards", "π⁽ᵗ⁾ is the sum")
    assert fails("forwards", "HMM-4 gives")
    assert fails("two_forms", "as in the lists")
    assert fails("smudged", "HMM-8")
    assert fails("operations", "the same P")
    assert fails("too_small", "both agree")


def test_a_pi_that_has_heard_its_own_step_is_noticed(monkeypatch):
    """The usual α under the name of π."""
    replaced(monkeypatch, "HMM-2", "return p", "return p**2")
    assert fails("forwards", "π⁽ᵗ⁾ is the sum")
    monkeypatch.undo()
    replaced(monkeypatch, "HMM-3", "A.T @ (e[t] * pi[t])", "e[t + 1] * (A.T @ (e[t] * pi[t]))")
    assert fails("two_forms", "leaves π⁽²⁾ as it was")
    assert fails("two_forms", "sums to P")


def test_an_alpha_that_does_not_hear_is_noticed(monkeypatch):
    replaced(monkeypatch, "HMM-10", "e[t + 1] * (A.T @ alpha[t])", "0 * e[t + 1] + A.T @ alpha[t]")
    assert fails("two_forms", "moves α⁽²⁾")
    assert fails("two_forms", "α⁽ᵗ⁾ = e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾")
    assert fails("backwards", "is P at every t")


@pytest.mark.parametrize("wrong", ["A.T @ (e[t] * beta[t])", "A @ (e[t - 1] * beta[t])", "e[t] * (A @ beta[t])"])
def test_a_wrong_way_back_is_noticed(monkeypatch, wrong):
    replaced(monkeypatch, "HMM-6", "A @ (e[t] * beta[t])", wrong)
    assert fails("backwards", "β⁽ᵗ⁾ is the sum")
    assert fails("backwards", "HMM-7")
    assert fails("as_a_slope", "every equation")


def test_a_posterior_not_divided_is_noticed(monkeypatch):
    replaced(monkeypatch, "HMM-12", "/ P", "/ P**0.5")
    assert fails("as_a_slope", "against autograd")
    assert fails("as_a_slope", "against differences")


def test_a_class_that_gives_alpha_for_pi_is_noticed(monkeypatch):
    right = HMM.forward
    monkeypatch.setattr(HMM, "forward", lambda self, x, lengths=None, form="usual": right(self, x, lengths))
    assert fails("forwards", "HMM.forward(form='predictive')")


def test_a_blank_that_is_read_is_noticed(monkeypatch):
    """The posterior, which has heard the sound at j, in place of what the others tell."""

    def read(self, ids, j=None):
        rows = self.posterior(ids) @ self.emissions
        return rows if j is None else rows[j]

    monkeypatch.setattr(HMM, "left_out", read)
    assert fails("smudged", "for every j")
    assert fails("smudged", "no say in it")


def test_a_likelihood_that_forgets_the_start_is_noticed(monkeypatch):
    right = HMM.log_likelihoods

    def uniform(self, *given):
        return right(HMM(np.full(self.states, 1 / self.states), self.transitions, self.emissions), *given)

    monkeypatch.setattr(HMM, "log_likelihoods", uniform)
    assert fails("every_sequence", "the sum over the list")


def test_sounds_that_tell_nothing_are_noticed(monkeypatch):
    deaf = HMM(LONG_AGO, WEATHER, np.full((3, 3), 1 / 3))
    for module in (heard, told):
        monkeypatch.setattr(module, "house", lambda start=START: deaf)
    assert fails("heard", "each further evening")
    assert fails("smudged", "what came before")
    assert fails("weather", "names more than")


def test_a_model_too_sure_of_itself_is_noticed(monkeypatch):
    sharp = SOUNDS**3 / (SOUNDS**3).sum(axis=1, keepdims=True)
    monkeypatch.setattr(told, "house", lambda start=START: HMM(start, WEATHER, sharp))
    assert fails("weather", "how sure it may be")


def test_greedy_states_for_viterbi_are_noticed(monkeypatch):
    class Greedy:
        def __init__(self, model, ids):
            self.states = model.posterior(ids).argmax(axis=1)
            with np.errstate(divide="ignore"):
                self.log_probs = np.log(joint(START, WEATHER, SOUNDS, self.states, ids.tolist()))[None]

    monkeypatch.setattr(HMM, "viterbi", lambda self, ids: Greedy(self, ids))
    assert fails("best_sequence", "is the best of all")
    assert fails("best_sequence", "clearly more")


def test_weather_that_may_go_anywhere_is_always_possible(monkeypatch):
    monkeypatch.setattr(best, "WEATHER", np.full((3, 3), 1 / 3))
    assert fails("best_sequence", "taken together, cannot be")


def test_work_that_is_done_again_at_every_step_is_noticed(monkeypatch):
    right = costs.counted_steps

    def anew(model, ids):
        found = [right(model, ids[: n + 1]) for n in range(len(ids))]
        return sum(operations for operations, _ in found), found[-1][1]

    monkeypatch.setattr(costs, "counted_steps", anew)
    assert fails("operations", "for each of T k²")
    assert fails("operations", "grows as T")


def test_scales_left_out_are_noticed(monkeypatch):
    monkeypatch.setattr(costs, "by_scales", lambda p, A, B, ids: float(np.log(costs.plainly(ids[:400]))))
    assert fails("too_small", "the lines above")


@pytest.mark.usefixtures("afresh")
def test_no_learning_is_noticed(monkeypatch):
    right = learning.baum_welch
    monkeypatch.setattr(learning, "baum_welch", lambda model, ids, updates: right(model, ids, updates=1))
    wrong = failing("learned")
    assert any("above the truth" in s for s in wrong)
    assert any("learned and true tables" in s for s in wrong)


@pytest.mark.usefixtures("afresh")
def test_an_untrained_network_is_noticed(monkeypatch):
    monkeypatch.setattr(network, "islice", lambda reports, updates: [])
    wrong = failing("by_itself")
    assert any("above the forward pass" in s for s in wrong)
    assert any("order 1" in s for s in wrong)


# Its parts


def random_model(seed, states, vocabulary):
    return HMM.random(states, vocabulary, np.random.default_rng(seed))


@given(st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(0, 2), min_size=2, max_size=4), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_lists_by_loops(states, more, ids, seed):
    """One product after the other, in plain Python."""
    model, n = random_model(seed, states, 3), len(ids)
    each = {}
    for path in product(range(states), repeat=n):
        p = model.start[path[0]] * math.prod(model.transitions[a, b] for a, b in pairwise(path))
        each[path] = p * math.prod(model.emissions[h, x] for h, x in zip(path, ids, strict=True))
    listed, t = Listing(model, np.array(ids)), min(more, n)
    total = sum(each.values())
    assert pytest.approx(total, rel=1e-12) == listed.P
    assert listed.best()[1] == pytest.approx(max(each.values()), rel=1e-12)
    assert each[tuple(listed.best()[0])] == pytest.approx(max(each.values()), rel=1e-12)
    for h in range(states):
        share = sum(p for path, p in each.items() if path[t - 1] == h) / total
        assert listed.gamma(t)[h] == pytest.approx(share, rel=1e-9)
        assert listed.alpha(t)[h] * listed.beta(t)[h] == pytest.approx(share * total, rel=1e-9)
        assert listed.alpha(t)[h] == pytest.approx(listed.pi(t)[h] * model.emissions[h, ids[t - 1]], rel=1e-9)
    assert listed.s(t)[ids[t - 1]] == pytest.approx(total, rel=1e-12)


def test_what_is_not_known_counts_one():
    states = paths(3, 2)
    found = joint(START, WEATHER, SOUNDS, states, [None, None])
    assert found.sum() == pytest.approx(1)
    assert joint(START, WEATHER, SOUNDS, states, [None, 1]).sum() == pytest.approx((START @ WEATHER @ SOUNDS)[1])


def test_paths_are_all_there_once():
    assert sorted(map(tuple, paths(3, 4).T.tolist())) == list(product(range(3), repeat=4))


def test_operations_by_hand():
    """Two states, two steps. HMM-3: 2 products, then 4 and 2 sums; HMM-4: 2 and 1. Listed: 4 · 3 products, 3 sums."""
    model, ids = random_model(0, 2, 2), np.array([0, 1])
    assert costs.counted_steps(model, ids)[0] == 2 + 6 + 3
    assert costs.counted_list(model, ids)[0] == 4 * 3 + 3


def test_numbers_that_count_still_multiply():
    tally = costs.Tally()
    a = tally.of(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (a @ a).astype(float).tolist() == [[7, 10], [15, 22]]
    assert tally.operations == 12


@pytest.mark.parametrize("memory", [0, 1, 4])
def test_what_a_memory_leaves_by_sampling(memory):
    """The mean loss of a Markov chain of that order on a long record comes near it."""
    ids = record(40_000, 3).ids
    if memory == 0:
        nats = -np.log(np.bincount(ids) / len(ids))[ids].mean()
    else:
        nats = -learning.MarkovChain(memory).fit(ids, vocabulary=3).log_probs(ids).mean()
    assert heard.left(memory) == pytest.approx(nats, abs=0.01)


def test_names_do_not_matter():
    for order in ([0, 1, 2], [2, 0, 1], [1, 0, 2]):
        other = HMM(START[order], WEATHER[np.ix_(order, order)], SOUNDS[order])
        A, B = learning.named_alike(other)
        assert np.array_equal(A, WEATHER)
        assert np.array_equal(B, SOUNDS)


def test_a_straight_line_is_read_off():
    rng = np.random.default_rng(0)
    states = rng.standard_normal((200, 4))
    assert network.read_off(states, states @ rng.standard_normal((4, 2)) + 1)[1] == pytest.approx(1)
    assert network.read_off(states, rng.standard_normal((200, 2)))[1] < 0.2


def test_the_house_is_as_it_is_told():
    assert WEATHER[0, 2] == WEATHER[1, 0] == WEATHER[2, 1] == 0
    assert pytest.approx(LONG_AGO) == LONG_AGO @ WEATHER
    assert all(len(set(short(3, seed).tolist())) > 1 for seed in range(50))
    sizes = {(m.states, m.vocabulary, len(ids)) for m, ids in random_models(40, np.random.default_rng(0))}
    assert len(sizes) > 8


# What is shown


def test_the_list_on_the_page_adds_up():
    table = conduct(LESSON.experiments["every_sequence"], seed=2).figures[1]
    assert isinstance(table, Table)
    *each, total = (float(row[1]) for row in table.rows)
    assert sum(each) == pytest.approx(total, abs=5e-5)
    assert each[:6] == sorted(each[:6], reverse=True)


def test_what_the_weather_was_is_drawn_as_it_was():
    figure = conduct(LESSON.experiments["weather"], seed=2).figures[0]
    assert isinstance(figure, Traces)
    rows = dict(figure.rows)
    drawn = record(10_000, 2)
    assert rows["was"] == tuple((drawn.states[: len(figure.text)] == told.STORM).astype(float))
    late = np.array(rows["later"])
    truth = np.array(rows["was"])
    assert np.abs(late - truth).mean() < np.abs(np.array(rows["then"]) - truth).mean()


def test_the_sequence_that_cannot_be_is_on_the_page():
    table = conduct(LESSON.experiments["best_sequence"], seed=0).figures[0]
    singly, whole = ([best.NAMES.index(row[k]) for row in table.rows] for k in (2, 3))
    assert not best.possible(np.array(singly))
    assert best.possible(np.array(whole))
    ids = [best.LETTERS.index(row[1]) for row in table.rows]
    assert house().viterbi(np.array(ids)).states.tolist() == whole
    assert any((a, b) == (1, 0) for a, b in pairwise(singly)), "the page speaks of fog and then a clear sky"
