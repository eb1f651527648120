"""The lesson on layers above each other: what is particular to it, and what breaks its claims."""

import itertools
import math
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, computed, replaced

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Table
from cli.lessons.deep import books, depths, dropped, forward, orders, same, training
from cli.lessons.deep.networks import layer_by_layer, letters, states, step_by_step, tiny
from minigrad import Tensor
from minigrad.nn import Dropout
from rnn.layers import GRU, LSTM, RNN
from rnn.models import LanguageModel

LESSON = lessons.load("deep")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
TRAINED = {"depths", "more_text", "two_authors", "gated"}


def test_it_claims_much_and_measures_it():
    """Without the pages that train, which the general tests of lessons run."""
    check_claims_are_measured(LESSON, 35, 12, without=TRAINED)


@pytest.mark.parametrize("seed", range(3, 8))
def test_the_quick_pages_hold_for_more_seeds(seed):
    for name in set(LESSON.experiments) - TRAINED - {"every_equation"}:
        assert failing(name, seed) == [], name


# What is wrong is noticed


def test_a_layer_that_reads_the_step_before_below_is_noticed(monkeypatch):
    def late(b, W, h, U, l, t):  # noqa: E741
        return b[l] + W[l] @ h[l, t - 1] + U[l] @ h[l - 1, max(t - 1, 1)]

    computed(monkeypatch, "DEEP-2", late)
    assert fails("vectors", "from numbers to states")
    assert fails("every_equation", "autograd")


def test_scores_from_the_wrong_layer_are_noticed(monkeypatch):
    computed(monkeypatch, "DEEP-4", lambda c, V, h, depth, t: c + V @ h[1, t])
    assert fails("shapes", "top layer")
    assert fails("vectors", "loss")


@pytest.mark.parametrize("shape", [(2, 2), (5, 2)])
def test_a_square_lowest_layer_is_noticed(monkeypatch, shape):
    """As it is often printed, and with its sizes exchanged."""
    right = forward.sizes
    monkeypatch.setattr(forward, "sizes", lambda *sizes: {**right(*sizes), "U⁽¹⁾": shape})
    assert fails("shapes", "not as said")


def test_a_way_back_left_out_is_noticed(monkeypatch):
    replaced(monkeypatch, "DEEP-9", " + U[l + 1].T @ grad_a[l + 1, t]", " + 0 * U[l + 1].T @ grad_a[l + 1, t]")
    assert fails("two_ways", "equals autograd")
    assert fails("two_ways", "equals differences")


def test_worked_in_notes_with_the_first_layer_twice_is_noticed(monkeypatch):
    right = forward.as_the_notes_have_it
    monkeypatch.setattr(
        forward, "as_the_notes_have_it", lambda p, x: right({**p, "U⁽²⁾": p["U⁽¹⁾"], "W⁽²⁾": p["W⁽¹⁾"]}, x)
    )
    assert fails("one_unit", "engine's states")


def test_an_order_that_is_missing_is_noticed(monkeypatch):
    right = list(orders.runnable(layer_by_layer(2, 3), *letters(tiny(2, 3, 2, 0))))
    monkeypatch.setattr(orders, "runnable", lambda *given: right[1:])
    assert fails("orders", "counted by hooks")


def test_states_that_depend_on_the_order_are_noticed(monkeypatch):
    def hasty(places, U, W, b, h, **options):
        found = states(places, U, W, b, h, **options)
        first = 1 + places[1][0] if len(places) > 1 else 1
        return {place: value * first for place, value in found.items()}

    right = list(orders.runnable(layer_by_layer(2, 3), *letters(tiny(2, 3, 2, 0))))
    monkeypatch.setattr(orders, "runnable", lambda *given: right)
    monkeypatch.setattr(orders, "states", hasty)
    assert fails("orders", "difference that the order makes")


def test_a_layer_skipped_changes_the_count_of_ways(monkeypatch):
    def shortcut(places, U, W, b, h, **options):
        found = states(places, U, W, b, h, **options)
        return {
            place: value + (found[0, place[1]] if place[0] > 1 and place[1] else 0) for place, value in found.items()
        }

    monkeypatch.setattr(orders, "states", shortcut)
    assert fails("many_ways", "binomial")
    assert fails("many_ways", "tanh on any way")
    assert fails("many_ways", "gradient is that number")


def test_layers_in_the_wrong_order_are_noticed(monkeypatch):
    right = same.apart

    def exchanged(whole):
        single = right(whole)
        single[0].weight_hh_l0, single[1].weight_hh_l0 = single[1].weight_hh_l0, single[0].weight_hh_l0
        return single

    monkeypatch.setattr(same, "apart", exchanged)
    assert fails("one_function", "a Stack of single layers")
    assert fails("one_function", "same states")
    assert fails("one_function", "same gradient")


def test_dropout_on_the_input_is_noticed(monkeypatch):
    """An input that loses entries: the lowest layer would feel it."""
    drop, right = Dropout(0.5, rng=np.random.default_rng(0)), dropped.RNN.__call__

    def lossy(self, x):
        return right(self, drop(Tensor(x)) if self.training else x)

    monkeypatch.setattr(dropped.RNN, "__call__", lossy)
    assert fails("between_layers", "lowest layer")


def test_dropout_that_does_not_stop_at_work_is_noticed(monkeypatch):
    monkeypatch.setattr(dropped.RNN, "eval", lambda self: self)
    assert fails("between_layers", "at work nothing is drawn")


def test_dropout_of_another_share_is_noticed(monkeypatch):
    right = dropped.RNN
    monkeypatch.setattr(dropped, "RNN", lambda *a, dropout, **k: right(*a, dropout=dropout / 2, **k))
    assert fails("between_layers", "in standard deviations")


def test_a_network_that_is_not_trained_is_noticed(monkeypatch):
    monkeypatch.setattr(
        depths, "on_story", lambda n, h, updates, seed: training.Trained(training.build(n, h, seed), (), 1)
    )
    assert all(fails("depths", f"{n} layer") for n in ("one", "two", "four"))


def test_layers_as_wide_as_one_are_noticed(monkeypatch):
    monkeypatch.setattr(depths, "width", lambda layers, units: units)
    assert fails("costs", "at equal parameters")
    monkeypatch.setattr(
        depths, "on_story", lambda n, h, updates, seed: training.Trained(training.build(n, h, seed), (), 1)
    )
    assert fails("depths", "parameters of the largest")


def test_equal_starts_are_noticed(monkeypatch):
    right = depths.build
    monkeypatch.setattr(depths, "build", lambda *a, wide: right(*a, wide=False))
    assert failing("starts") == [
        "drawn wider: this share, to the share before", "drawn wider: this share of the gradient, to the share before",
    ]  # fmt: skip


def test_authors_who_write_alike_are_noticed(monkeypatch):
    monkeypatch.setattr(books, "retold", lambda ids: ids)
    monkeypatch.setattr(books, "_on", lambda which, updates, seed: training.Trained(training.build(1, 8, 0), (), 1))
    assert fails("two_authors", "one author only")
    assert fails("more_text", "the smallest part: held out to what it has read")


# Its parts


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_the_short_function_by_loops_over_units(hidden, steps, layers, seed):
    problem = tiny(hidden, steps, layers, seed)
    U, W, b, start = letters(problem)
    found = states(step_by_step(layers, steps), U, W, b, start)
    for n, t in layer_by_layer(layers, steps):
        for i in range(hidden):
            a = b[n].data[i, 0]
            a += sum(W[n].data[i, j] * found[n, t - 1].data[j, 0] for j in range(hidden))
            a += sum(U[n].data[i, j] * x for j, x in enumerate(found[n - 1, t].data[:, 0]))
            assert found[n, t].data[i, 0] == pytest.approx(math.tanh(a), abs=1e-12)


def test_the_five_orders_by_trying_all_720():
    """Without running anything: a place must come after its left and its lower neighbour."""
    places = layer_by_layer(2, 3)

    def allowed(order):
        at = {place: k for k, place in enumerate(order)}
        return all(at.get((n, t - 1), -1) < at[n, t] > at.get((n - 1, t), -1) for n, t in places)

    given = letters(tiny(1, 3, 2, 0))
    by_hand = [list(order) for order in itertools.permutations(places) if allowed(order)]
    assert sorted(orders.runnable(places, *given)) == sorted(by_hand)
    assert len(by_hand) == 5 == orders.hooks(2, 3)
    assert orders.hooks(3, 4) == 462
    assert orders.hooks(1, 7) == 1


def test_ways_by_walking_every_path():
    def walk(layers, lag):
        if layers < 1 or lag < 0:
            return 0
        return 1 if layers == 1 and lag == 0 else walk(layers - 1, lag) + walk(layers, lag - 1)

    for layers in (1, 2, 3):
        found = orders._counted(layers, 5, 0)
        assert {lag: sum(n.values()) for lag, n in found.items()} == {lag: walk(layers, lag) for lag in range(6)}


def test_ways_in_graphs_drawn_by_hand():
    x = Tensor(np.ones(1), requires_grad=True)
    y = x.tanh()
    assert orders.ways(y, x) == {1: 1}
    assert orders.ways(y * y + y.tanh() + x, x) == {0: 1, 1: 2, 2: 1}
    assert orders.ways(y * y, y) == {0: 2}


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_layers_taken_apart_are_copies(cell):
    whole = cell(4, 3, 3, dtype=np.float64, rng=np.random.default_rng(0))
    single = same.apart(whole)
    assert [(s.input_size, s.num_layers) for s in single] == [(4, 1), (3, 1), (3, 1)]
    for n, layer in enumerate(single):
        assert (layer.weight_ih_l0.data == vars(whole)[f"weight_ih_l{n}"].data).all()
        assert layer.weight_ih_l0 is not vars(whole)[f"weight_ih_l{n}"]


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("units", [1, 7, 40])
def test_parameters_counted_by_hand(layers, units):
    model = LanguageModel(len(training.story().vocab), units, layers, rng=np.random.default_rng(0))
    assert training.size(layers, units) == sum(p.size for p in model.parameters())


def test_frequencies_by_hand():
    assert training.frequencies(np.array([0, 0, 1]), np.array([0, 1]), 3) == pytest.approx(math.sqrt(6 / 3 * 6 / 2))


def test_the_second_author():
    assert books.backwards("The keeper's lamp, 12 of ÉTÉ_x") == "ehT repeek's pmal, 12 fo ÉTÉ_x"
    ids = training.story().training[:500]
    assert (books.retold(books.retold(ids)) == ids).all()
    assert (np.bincount(books.retold(ids)) == np.bincount(ids)).all()


def test_signals_are_those_of_the_model():
    """Layer by layer comes to the model's own scores."""
    model = training.build(3, 6, 0)
    spread, felt = depths._signals(model)
    text = training.story().training[: 8 * 33].reshape(8, 33).T
    top, _ = model.rnn(text[:-1])
    assert spread[-1] == pytest.approx(float(top.data[4:].std(axis=0).mean()), rel=1e-5)
    assert len(felt) == 3


# What is shown


def test_the_sums_on_the_page_add_up():
    table = conduct(LESSON.experiments["one_unit"], seed=1).figures[-1]
    assert isinstance(table, Table)
    assert len(table.rows) == 6
    for _, b, past, below, total, state in table.rows:
        assert b + past + below == pytest.approx(total, abs=1e-12)
        assert math.tanh(total) == pytest.approx(state, abs=1e-12)
    assert table.rows[0][2] == table.rows[3][2] == 0
