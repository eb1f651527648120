"""Where pictures fold, and where they must not."""

from itertools import pairwise

import numpy as np
import pytest

from minigrad import Tensor, Value, concat, graph_of, split, stack


def times(view, word):
    return sorted(line.times for line in view.lines if line.times and word in line.text.split())


def scalar_network(steps, units, letters):
    """A recurrent network in single numbers that reads letters drawn at random, and its mean loss."""
    rng = np.random.default_rng(steps)

    def drawn(*shape):
        return [drawn(*shape[1:]) if shape[1:] else Value(float(rng.normal())) for _ in range(shape[0])]

    W, U, V, b = drawn(units, units), drawn(units, letters), drawn(letters, units), drawn(units)
    h, total = [Value(0.0)] * units, Value(0.0)
    ids = rng.integers(0, letters, steps + 1)
    for now, then in pairwise(ids):
        h = [
            (sum(w * x for w, x in zip(row, h, strict=True)) + u[now] + beta).tanh()
            for row, u, beta in zip(W, U, b, strict=True)
        ]
        o = [sum(v * x for v, x in zip(row, h, strict=True)) for row in V]
        total = total + sum(x.exp() for x in o).log() - o[then]
    return total / steps, {"W": W, "U": U, "V": V, "b": b}


def test_a_network_in_single_numbers_folds_in_time_and_in_its_units():
    small, large = (graph_of(*scalar_network(steps, 8, 6)) for steps in (12, 40))
    said = [sorted(line.text.split(" #")[0] for line in view.lines if line.role == "op") for view in (small, large)]
    assert said[0] == said[1]
    assert len(large.lines) <= 40
    assert times(large, "tanh") == [8 * 40]
    assert times(large, "log") == [40]
    assert sum(times(large, "exp")) == 6 * 40
    assert sum(times(large, "W")) == 64
    assert sum(times(large, "V")) == 48
    marks = [line.mark for line in large.lines if line.mark]
    assert len(marks) == len({*marks})


def test_a_balanced_sum_folds_level_by_level():
    """64 numbers: 32 sums of two of them, then 16 of those; the rest is too short."""
    parts = [Value(1.5 * k) for k in range(64)]
    while len(parts) > 1:
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)]
    tensors = [Tensor(1.5 * k, requires_grad=True) for k in range(64)]
    while len(tensors) > 1:
        tensors = [a + b for a, b in zip(tensors[::2], tensors[1::2], strict=True)]
    assert times(graph_of(tensors[0]), "add")[-2:] == [16, 32]
    assert sum(times(graph_of(parts[0]), "add")) == sum(times(graph_of(tensors[0]), "add")) == 63


def test_what_is_read_in_no_order_is_not_folded():
    """Each of ten tanh reads another op, here and there among them."""
    x = Tensor(0.5, requires_grad=True)
    pool = [x.exp(), -x, x.sigmoid(), x.relu(), x.sqrt(), x.log(), x * x, x + x, x - 1.0, x.abs()]
    order = [3, 7, 1, 0, 9, 2, 8, 5, 4, 6]
    assert times(graph_of(stack([pool[k].tanh() for k in order])), "tanh") == [1] * 10


def test_what_comes_after_a_run_is_no_part_of_it():
    """Twelve tanh of twelve numbers, and one of the first of them: it may be the beginning of a loop, but is none."""
    first, *others = (Tensor(0.1 * k, requires_grad=True).tanh() for k in range(12))
    assert times(graph_of(stack([*others, first.tanh()])), "tanh") == [1, 12]


def test_groups_of_one_list_are_told_apart_where_they_are_read_again():
    w, y = [Value(0.1 * k) for k in range(24)], Value(1.0)
    for half in (w[:12], w[12:]):
        for x in half:
            y = y * x
        y = y.exp()
        for x in half:
            y = y + x
        y = y.tanh()
    view = graph_of(y, {"w": w})
    assert [line.text for line in view.lines if "w" in line.text] == ["w #5", "↑ w #5", "w #6", "↑ w #6"]


def test_copies_that_read_different_outputs_say_so():
    """Every other step goes on with the other half."""
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    for t in range(40):
        half = split(x, 2)[t % 2]
        x = concat([half, half])
    view = graph_of(x)
    assert [line.text for line in view.lines][:2] == ["concat #1", "split(2)[…] #2"]
    assert {line.times for line in view.lines if line.role == "op"} == {40}
    assert not any("[…]" in line.text for line in graph_of(x, fold=False).lines)


def test_leaves_that_copies_read_are_told_apart_by_shape_and_by_list():
    h, rng = Tensor(np.zeros(3), requires_grad=True), np.random.default_rng(0)
    a, b = ([Tensor(rng.normal(size=3)) for _ in range(12)] for _ in range(2))
    single = [Tensor(rng.normal(size=1)) for _ in range(12)]
    for t in range(36):
        h = (h + (a, b, single)[int(rng.integers(0, 3)) if t > 2 else t][t // 3]).tanh()
    view = graph_of(h, {"a": a})
    assert times(view, "tanh") == [36]
    (group,) = (k for k, line in enumerate(view.lines) if line.role == "group")
    below = view.lines[group + 1 : group + 4]
    assert {(line.text, line.shape) for line in below} == {("a", "(3,)"), ("constant", "(3,)"), ("constant", "(1,)")}
    assert sum(line.times for line in below) == view.leaves - 1


def test_a_sequence_that_is_stacked_is_named_once():
    h, states = Tensor(np.zeros(2), requires_grad=True), []
    for _ in range(20):
        h = (h * 0.5 + 1.0).tanh()
        states.append(h)
    view = graph_of(stack(states), {"h": states})
    assert [line.text for line in view.lines][:3] == ["stack", "h = tanh", "add"]
    assert [line.text for line in view.lines][3:] == ["mul", "↑ h, one step before; at first", "tensor", "0.5", "1"]
    assert graph_of(stack(states), {"h": states}, fold=False).lines[1].text == "h[0] = tanh"


def test_a_state_from_two_steps_ago_is_said_to_be_that():
    states = [Value(0.1), Value(0.2)]
    for _ in range(30):
        states.append((states[-1] - states[-2]).tanh())
    texts = [line.text for line in graph_of(states[-1]).lines]
    assert "↑ tanh #1, one step before; at first" in texts
    assert "↑ tanh #1, 2 steps before; at first" in texts


def test_loops_within_loops():
    """Ten times: nine times a little less, then tanh."""
    x = Value(0.5)
    y = x
    for _ in range(10):
        for _ in range(9):
            y = y * 0.9
        y = y.tanh()
    view = graph_of(y, {"x": x})
    assert times(view, "mul") == [90]
    assert times(view, "tanh") == [10]
    assert [line.text.split(" #")[0] for line in view.lines if line.role != "leaf"] == [
        "tanh",
        "mul",
        "↑ mul",
        "↑ tanh",
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_little_is_shown_in_full(count):
    y = Value(0.5)
    for _ in range(count):
        y = (y * 0.9).tanh()
    assert {line.times for line in graph_of(y).lines} == {1}


def test_samples_that_are_read_one_after_the_other_fold():
    """micrograd's network on many points: every op of the first is that of all."""
    rng = np.random.default_rng(0)
    w = [[Value(float(rng.normal())) for _ in range(2)] for _ in range(4)]
    v = [Value(float(rng.normal())) for _ in range(4)]
    losses = []
    for _ in range(50):
        x = [Value(float(rng.normal())) for _ in range(2)]
        hidden = [(row[0] * x[0] + row[1] * x[1]).relu() for row in w]
        losses.append((sum(a * b for a, b in zip(v, hidden, strict=True)) - 1.0) ** 2)
    view = graph_of(sum(losses), {"w": w, "v": v})
    assert sum(times(view, "relu")) == 200
    assert len(times(view, "relu")) <= 2
    assert len(view.lines) < 40
