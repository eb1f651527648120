"""The lesson on automatic differentiation: what is particular to it, and what breaks its claims."""

import dataclasses
import math
import re
from functools import partial
from itertools import pairwise

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, check_code_is_short, forgetting

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Tree
from cli.lessons.autograd import by_hand, expression, letters, min_char_rnn, order, size, tapes
from cli.lessons.autograd.min_char_rnn import Network
from cli.render.trees import tree
from minigrad import Tape, Value, graph_of, scalar
from minigrad.scalar import history

LESSON = lessons.load("autograd")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(letters.trained)


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 40, 15, seeds=(5, 9), length=10_000)


# What is wrong is noticed


def test_a_wrong_rule_is_noticed(monkeypatch):
    """tanh as if its slope were 1 − y, in the engine and wherever else its table is read."""
    wrong = dataclasses.replace(scalar.tanh, rule=lambda g, y, a: g * (1 - y))
    monkeypatch.setattr(by_hand, "OPS", (wrong,))
    assert len(failing("slopes_of_ops")) == 1
    object.__setattr__(scalar.tanh, "rule", wrong.rule)
    try:
        assert fails("paths", "differences")
        assert fails("backward_steps", "differences")
        assert len(failing("nudging")) >= 1
        assert fails("arrays", "∇W and ∇U", length_in_time=10)
        assert fails("instructions", "any bit")
    finally:
        object.__setattr__(scalar.tanh, "rule", lambda g, y, a: g * (1 - y * y))
    assert failing("paths") == []


@pytest.mark.parametrize("wrong", [order.nearest_first, history])
def test_a_wrong_order_is_noticed(wrong, monkeypatch):
    right = order.pulled
    monkeypatch.setattr(order, "pulled", lambda y, given: right(y, wrong(y)))
    assert fails("any_graph", "newest first")


def test_a_walk_that_begins_at_the_wrong_end_is_noticed(monkeypatch):
    monkeypatch.setattr(by_hand, "newest_first", history)
    assert len(failing("backward_steps")) == 2


def test_orders_that_are_right_are_noticed(monkeypatch):
    right = history
    monkeypatch.setattr(order, "newest_first", lambda y: right(y)[::-1])
    monkeypatch.setattr(order, "history", lambda y: right(y)[::-1])
    monkeypatch.setattr(order, "nearest_first", lambda y: right(y)[::-1])
    assert len(failing("any_graph")) == 2


def test_an_engine_that_forgets_to_add_is_noticed(monkeypatch):
    """`=` where `+=` belongs, in the engine itself."""

    def backward(self):
        for y, g in order.overwritten(self)[0].items():
            y.grad = g

    monkeypatch.setattr(Value, "backward", backward)
    assert fails("order_matters", "multiplied")
    assert fails("paths", "∂L/∂w")
    assert fails("any_graph", "newest first")


def test_wrong_walks_that_are_right_are_noticed(monkeypatch):
    monkeypatch.setattr(order, "overwritten", order.one_by_one)
    monkeypatch.setattr(order, "at_once", order.one_by_one)
    assert len(failing("order_matters")) == 2


def test_a_lost_way_is_noticed(monkeypatch):
    right = by_hand.ways
    monkeypatch.setattr(by_hand, "ways", lambda output, leaf: list(right(output, leaf))[1:])
    assert len(failing("paths")) == 3


def test_a_tape_with_other_bits_is_noticed(monkeypatch):
    right = Tape.__call__

    def nearly(self, inputs):
        output, gradient = right(self, inputs)
        return np.nextafter(output, np.inf), gradient

    monkeypatch.setattr(Tape, "__call__", nearly)
    assert fails("instructions", "any bit")


def test_a_picture_that_hides_something_is_noticed(monkeypatch):
    monkeypatch.setattr(size, "graph_of", lambda *given, **options: graph_of(*given, **options, fold=False))
    assert fails("arrays", "lines", length_in_time=10)
    assert fails("long_chain", "lines of the tree", length=10_000)
    wrong = {**expression.BY_NAME, "add": expression.BY_NAME["mul"]}
    monkeypatch.setattr(expression, "BY_NAME", wrong)
    assert fails("expression", "from this picture")


@pytest.mark.usefixtures("afresh")
def test_a_network_that_has_learned_nothing_is_noticed(monkeypatch):
    monkeypatch.setattr(letters, "RATE", 0.0)
    assert len(failing("learning", seed=12)) >= 3


@pytest.mark.usefixtures("afresh")
def test_a_network_that_forgets_is_noticed(monkeypatch):
    """Without its way from state to state it cannot get below a memory of one letter."""
    right = min_char_rnn.step
    monkeypatch.setattr(min_char_rnn, "step", lambda net, h, letter: right(net, [Value(0.0) * x for x in h], letter))
    found = failing("learning", seed=12)
    assert any("memory of one letter" in s for s in found)
    assert any("arrays" in s for s in found)


# Its parts


@given(st.lists(st.floats(-1.5, 1.5), min_size=7, max_size=7), st.integers(1, 4))
def test_the_neuron_by_plain_numbers(numbers, steps):
    w, h, *xs, y = numbers[: steps + 3]
    for x in xs:
        h = math.tanh(w * h + x)
    assert expression.neuron([*numbers[: steps + 2], y], steps).loss.data == (h - y) ** 2


@given(st.integers(0, 50), st.integers(1, 4))
def test_the_small_graph_is_worth_looking_at(seed, steps):
    """Few decimals, and no slope so small that nothing is to be seen."""
    shown = expression.tiny(steps, seed)
    assert all(round(x.data, 1) == x.data for x in shown.inputs)
    shown.loss.backward()
    slopes = [abs(x.grad) for x in shown.inputs]
    for x in shown.inputs:
        x.grad = 0.0
    assert min(slopes) > 1e-6


def test_ways_by_hand():
    a, b = Value(3.0), Value(2.0)
    y = (a * b) * a  # two ways: over the product, and at once
    found = [([id(v) for v in path], product) for path, product in by_hand.ways(y, a)]
    assert sorted(product for _, product in found) == [6.0, 6.0]
    assert {len(path) for path, _ in found} == {2, 3}


@pytest.mark.parametrize(("doublings", "repeated"), [(1, 2), (2, 6), (3, 26)])
def test_wrong_walks_by_hand(doublings, repeated):
    """`=` gives 1 whatever the depth. For three doublings the middle hands on 1, 2, 4 and 6 to each side: 26."""
    a = Value(1.0)
    y = order.doubled(a, doublings)
    assert order.overwritten(y)[0][a] == 1
    assert order.one_by_one(y) == (order.pulled(y, order.newest_first(y)), 2**doublings - 1)
    assert order.at_once(y)[0][a] == repeated


def test_nearest_first_by_hand():
    a = Value(2.0)
    b = a * a
    y = b + b.tanh()
    assert [v.op.name for v in order.nearest_first(y)] == ["add", "mul", "tanh"]
    assert order.pulled(y, order.nearest_first(y))[a] == pytest.approx(4.0)
    y.backward()
    assert a.grad == pytest.approx(4 * (2 - math.tanh(4) ** 2))


def test_the_network_by_arrays():
    """Its loss by NumPy alone."""
    net = Network.drawn(4, 3, np.random.default_rng(0))
    for k, w in enumerate(net.leaves()):
        w.data = math.sin(1.0 + k)
    U, W, b, V, c = (letters._numbers(part) for part in (net.U, net.W, net.b, net.V, net.c))
    assert len(net.leaves()) == sum(part.size for part in (U, W, b, V, c))
    ids, h, total = [0, 2, 1, 3, 3], np.zeros(3), 0.0
    for now, then in pairwise(ids):
        h = np.tanh(U[:, now] + W @ h + b)
        o = V @ h + c
        total += np.log(np.exp(o).sum()) - o[then]
    assert min_char_rnn.loss(net, ids).data == pytest.approx(total / 4, rel=1e-12)


def test_training_leaves_the_weights_it_found():
    net = Network.drawn(3, 4, np.random.default_rng(0))
    losses = list(min_char_rnn.train(net, [0, 1, 2, 0, 1, 2, 0], 50, 0.5))
    assert losses[-1] < losses[0] / 2
    assert min_char_rnn.loss(net, [0, 1, 2, 0, 1, 2, 0]).data < losses[-1] + 1e-3


def test_memory_of_one_letter_by_hand():
    assert letters.memory_of_one("ababab") == 0
    assert letters.memory_of_one("aabb") == pytest.approx(2 / 3 * math.log(2))  # after a comes a or b, after b comes b


def test_the_listing_is_the_tape():
    """Worked line by line, it gives the output."""
    shown = expression.tiny(2, 0)
    (table,) = conduct(LESSON.experiments["instructions"], seed=0).figures
    slots, given = {}, [*(x.data for x in shown.inputs), 2.0]
    for (slot, _, how), number in zip(table.rows, [*given, *[None] * 99], strict=False):
        if number is None:
            name, _, operands = how.partition(" of ")
            number = expression.BY_NAME[name].forward(*(slots[s] for s in operands.split(", ")))
        slots[slot] = number
    assert slots[table.rows[-1][0]] == shown.loss.data


def test_bits_are_compared():
    a = np.array([0.0, 1.0, np.nan])
    assert tapes.unlike(a, a.copy()) == 0
    assert tapes.unlike(a, np.array([-0.0, np.nextafter(1, 2), np.nan])) == 2


# What is shown


def test_a_tree_in_colour_says_what_it_says_without():
    a = Value(3.0)
    b = a + a
    b.backward()
    view = graph_of(b, {"a": a})
    shown = tree(Tree(view, "a caption"), 54)
    assert shown.plain == view.text(54) + "\n\na caption"
    accents = [shown.plain[span.start : span.end].strip() for span in shown.spans if span.style == "accent"]
    assert accents == ["1", "2"]


@pytest.mark.parametrize("width", [34, 40, 44, 54, 60])
def test_a_long_reference_in_a_tree_goes_on_below_itself(width):
    """With all its words; what is not too long stands as in the view's own text."""
    net = Network.drawn(3, 2, np.random.default_rng(0))
    view = graph_of(min_char_rnn.loss(net, [0, 1, 2, 0, 1, 2]))
    shown = tree(Tree(view), width).plain.splitlines()
    assert max(map(len, shown)) <= width
    words = re.findall(r"↑ [^↑↓]*?at\s+first", " ".join(line.strip("│├└─ ") for line in shown))
    assert words == [line.text for line in view.lines if line.text.endswith("at first")]
    cut = [line for line in view.text(width).splitlines() if "↑" in line and "…" in line]
    assert (len(cut) > 0) == (width < 54)
    assert len(shown) >= len(view.text(width).splitlines()) + len(cut)
    assert sum(line.count("├") + line.count("└") for line in shown) == sum(bool(line.trail) for line in view.lines)
    assert set(view.text(width).splitlines()) - set(cut) <= set(shown)


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "pulled", "history", "unrolled", "step", "surprise", "loss", "branch")
