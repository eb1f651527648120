"""The lesson on the LSTM: what is particular to it, and what breaks its claims."""

from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_cases import forgetting, replaced

from cli.lab import lessons
from cli.lab.gates import fix, gap, tiny, with_gates
from cli.lessons.lstm import adding, back, carousel, counting, forget_bias, peephole, printed, set_gates, within
from minigrad import Tensor, grad, relative_error
from rnn.cells.lstm import LSTMCell
from rnn.formulas import evaluate, find
from rnn.layers import LSTM, RNN

LESSON = lessons.load("lstm")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(adding.trained)


def forward(x, start, layer):
    """c and h after each step, written out once more with torch's order of the gates."""
    w, u, b, d = (p.data for p in layer.parameters())
    h, c = start
    for row in x:
        i, f, g, o = np.split(w @ row + u @ h + b + d, 4)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
    return h, c


# What is wrong is noticed


def test_swapped_states_are_noticed(monkeypatch):
    assert failing("two_states") == []
    right = LSTMCell.state
    monkeypatch.setattr(LSTMCell, "state", lambda self, step: right(self, step)._replace(h=step.c, c=step.h))
    assert fails("two_states", "engine's", seed=11)


def test_a_cell_without_its_forget_gate_is_noticed(monkeypatch):
    replaced(monkeypatch, "LSTM-7", "f[t] * c[t - 1]", "c[t - 1]")
    found = [s for name in ("two_states", "four_settings") for s in failing(name)]
    assert any("cell states" in s for s in found)
    assert any("F = 0, I = 0" in s for s in found)


def test_a_tied_input_gate_is_noticed(monkeypatch):
    """The GRU's rule: what is added is given up elsewhere."""
    replaced(monkeypatch, "LSTM-7", "i[t] * g[t]", "(1 - f[t]) * g[t] + 0 * i[t]")
    assert fails("four_settings", "adds up")


@pytest.mark.parametrize(
    ("old", "new"),
    [("f[t + 1]", "f[t]"), (" * (1 - np.tanh(c[t]) ** 2)", ""), ("+ f[t + 1]", "- f[t + 1]")],
    ids=["gate of the wrong step", "without tanh", "sign"],
)
def test_a_wrong_18_is_noticed(old, new, monkeypatch):
    replaced(monkeypatch, "LSTM-18", old, new)
    assert fails("two_ways", "autograd")
    assert fails("every_gradient", "autograd")


def test_a_leaking_conveyor_is_noticed(monkeypatch):
    right = set_gates.fix
    monkeypatch.setattr(set_gates, "fix", lambda layer, f, i: right(layer, f=10.0, i=i))
    found = failing("conveyor")
    assert any("random inputs" in s for s in found)
    assert any("identity" in s for s in found)


def test_a_path_that_is_not_cut_is_noticed(monkeypatch):
    right = back.cells
    monkeypatch.setattr(back, "cells", lambda *a, cut: right(*a, cut=False))
    assert fails("direct_path", "cut off")


def test_a_carousel_that_leaks_is_noticed(monkeypatch):
    right = carousel.adder
    monkeypatch.setattr(carousel, "adder", lambda w, x, c: right(0.999 * w, x, c))
    assert fails("carousel", "w = 1: how far the gradient")


def test_a_counter_that_never_forgets_is_noticed(monkeypatch):
    right = counting.counter

    def endless(letters, step):
        layer = right(letters, step)
        fix(layer, f=100.0)
        return layer

    monkeypatch.setattr(counting, "counter", endless)
    assert fails("counted", "from the count")


def test_a_bell_that_looks_at_the_cell_before_rings_late(monkeypatch):
    def late(self, x, state, w_hh, b_hh, peephole=None):
        step = right(self, x, state, w_hh, b_hh, peephole)
        if peephole is None:
            return step
        o = (step.a_o - peephole.split(3)[2] * (step.c - state.c)).sigmoid()
        return step._replace(o=o, h=o * step.c.tanh())

    right = LSTMCell.step
    monkeypatch.setattr(LSTMCell, "step", late)
    found = failing("ticks")
    assert any("rings wrongly" in s for s in found)
    assert any("autograd" in s for s in found)


def test_a_candidate_with_tanh_is_not_the_printed_one(monkeypatch):
    def squashed(a_g, t):
        return np.tanh(a_g[t])

    monkeypatch.setattr(printed, "squashed", squashed)
    found = failing("only_upwards")
    assert any("with σ: the least" in s for s in found)
    assert any("larger" in s for s in found)


def test_a_bias_on_the_wrong_gate_is_noticed(monkeypatch):
    def wrong(layer, bias):
        p = layer.weights()["bias_ih"]
        numbers = p.data.copy()
        numbers[: layer.hidden_size] = bias
        p.assign(numbers)

    monkeypatch.setattr(forget_bias, "open_forget_gates", wrong)
    assert len(failing("forgetting")) >= 2


@pytest.mark.usefixtures("afresh")
def test_untrained_networks_cannot_add(monkeypatch):
    monkeypatch.setattr(adding, "fit", lambda *_: [1.0] * adding.MEAN)
    assert fails("adding", "can add")
    found = failing("inside")
    assert any("opens at marks" in s for s in found)
    assert any("moves the answer" in s for s in found)


# Its parts, against other ways to the same


@given(st.integers(1, 4), st.integers(3, 5), st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_the_pages_numbers_by_another_hand(hidden, steps, seed):
    problem = tiny("lstm", hidden, steps, seed)
    mine = evaluate(find("lstm"), problem.given())
    h, c = forward(problem.x, problem.start, problem.layer)
    assert relative_error(mine["h"][steps].ravel(), h) < 1e-12
    assert relative_error(mine["c"][steps].ravel(), c) < 1e-12


@given(st.sampled_from("ifo"), st.floats(0, 1))
@settings(max_examples=10, deadline=None)
def test_set_gates_are_what_was_set(gate, value):
    known = with_gates(tiny("lstm", 2, 3, 0), **{gate: value})
    for t in (1, 2, 3):
        assert (known[gate][t] == value).all()
        assert (known["c"][t] == known["f"][t] * known["c"][t - 1] + known["i"][t] * known["g"][t]).all()


def test_fixed_gates_in_a_layer_are_the_set_ones():
    problem = tiny("lstm", 3, 4, 1)
    layer = LSTM(3, 3, dtype=np.float64)
    layer.load_state_dict(problem.layer.state_dict())
    fix(layer, f=100.0, i=-100.0, o=100.0)
    start = layer.cell.State(*(Tensor(p[None]) for p in problem.start))
    h = layer(Tensor(problem.x), start)[0].data
    assert gap(h, np.tanh(problem.start[1])[None]) < 1e-15


@pytest.mark.parametrize("cut", [False, True])
def test_jacobians_of_cells_by_differences(cut):
    """With h cut off, the states that gates look at stay where they are while the cell is moved."""
    rng = np.random.default_rng(3)
    layer = LSTM(2, 3, dtype=np.float64, rng=rng)
    x, c = rng.standard_normal((4, 1, 2)), rng.standard_normal((1, 3))
    zero = np.zeros((1, 3))

    def run(c0, gates=None):
        found, h, opened = c0, zero, []
        for t, row in enumerate(x):
            step = layer.cell.step(
                Tensor(row) @ layer.weight_ih_l0.T + layer.bias_ih_l0, layer.cell.State(Tensor(h), Tensor(found)),
                layer.weight_hh_l0, layer.bias_hh_l0,
            )  # fmt: skip
            i, f, g = gates[t] if gates else (step.i.data, step.f.data, step.g.data)
            opened.append((i, f, g))
            found, h = f * found + i * g, step.h.data
        return found, opened

    _, opened = run(c)
    fixed = opened if cut else None
    nudges = 1e-6 * np.eye(3)[:, None]
    by_differences = np.stack([(run(c + n, fixed)[0] - run(c - n, fixed)[0]).ravel() / 2e-6 for n in nudges], axis=1)
    first = layer.cell.State(Tensor(zero), Tensor(c, requires_grad=True))
    found, product = back.cells(layer, Tensor(x), first, cut=cut)
    assert relative_error(back.felt(found)[0], by_differences) < 1e-6
    assert (relative_error(np.diagflat(product), by_differences) < 1e-6) == cut


@given(st.text("ab ,.\n", min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_the_counter_counts(text):
    order = "ab ,.\n"
    layer = counting.counter(np.array([k in "ab" for k in order]), 0.25)
    ids = np.array([order.index(k) for k in text])
    found = counting.steps_of(layer, ids[:, None])["c"].ravel() / 0.25
    stretches = [len(text[: n + 1]) - len(text[: n + 1].rstrip("ab")) for n in range(len(text))]
    assert found == pytest.approx(stretches, abs=1e-12)
    assert (counting.by_hand(text) == stretches).all()


@pytest.mark.parametrize("every", [2, 3, 11, 20])
def test_the_bell(every):
    h = peephole.steps_of(peephole.alarm(every, True), Tensor(np.zeros((4 * every, 1, 1))))["h"].ravel()
    assert (np.flatnonzero(h > 0) + 1).tolist() == [every, 2 * every, 3 * every, 4 * every]


@given(st.integers(4, 40), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_sums_mark_one_number_in_each_half(steps, seed):
    x, right = adding.sums(steps, 5, np.random.default_rng(seed))
    marked = x[..., 1]
    assert (marked[: steps // 2].sum(axis=0) == 1).all()
    assert (marked[steps // 2 :].sum(axis=0) == 1).all()
    for b in range(5):
        assert right[b, 0] == pytest.approx(x[marked[:, b] == 1, b, 0].sum())


def test_guessing_costs_a_sixth_by_integration():
    u = (np.arange(1000) + 0.5) / 1000
    assert np.mean((u[:, None] + u - 1) ** 2) == pytest.approx(adding.GUESS, rel=1e-5)


def test_both_networks_learn_about_as_many_numbers():
    sizes = [sum(p.size for p in adding.Adder(kind, np.random.default_rng(0)).parameters()) for kind in (RNN, LSTM)]
    assert max(sizes) / min(sizes) < 1.15


def test_only_the_forget_gates_are_opened():
    layer = LSTM(2, 3, rng=np.random.default_rng(0))
    before = layer.state_dict()
    adding.open_forget_gates(layer, 2.0)
    after = layer.state_dict()
    assert ((after["bias_ih_l0"] + after["bias_hh_l0"])[3:6] == 2).all()
    for name, numbers in after.items():
        rows = np.flatnonzero((numbers != before[name]).reshape(12, -1).any(axis=1))
        assert rows.tolist() == ([3, 4, 5] if "bias" in name else [])


def test_a_run_ends_when_its_last_losses_are_small():
    easy = [adding.SOLVED / 2] * adding.MEAN
    assert adding.solved(easy)
    assert not adding.solved(easy[1:])
    assert not adding.solved([*easy[1:], 1.0])


@pytest.mark.parametrize("kind", [RNN, LSTM])
def test_what_an_answer_feels_by_differences(kind):
    network = adding.Adder(kind, np.random.default_rng(1))
    x, _ = adding.sums(6, 2, np.random.default_rng(2))
    slopes = within.felt(network, x)
    for t, b in np.ndindex(6, 2):
        moved = [x.copy(), x.copy()]
        moved[0][t, b, 0] += 0.01
        moved[1][t, b, 0] -= 0.01
        up, down = (network(m).data[b, 0] for m in moved)
        assert (up - down) / 0.02 == pytest.approx(slopes[t, b], abs=2e-3)


def test_the_carousels_gradient_is_a_power():
    first = Tensor(np.ones(1), requires_grad=True)
    last = carousel.adder(0.9, np.ones((7, 1)), first)
    assert grad(last.sum(), first).data[0] == pytest.approx(0.9**7)
    assert last.item() == pytest.approx(0.9**7 + (1 - 0.9**7) / 0.1)


def test_gradients_are_grouped_once_each():
    found = back.checked("lstm", 1, np.random.default_rng(0))
    groups = back.groups(found)
    names = [c.equation.gives for group in groups.values() for c in group]
    assert sorted(names) == sorted(c.equation.gives for c in found if c.equation.gives.startswith("∇"))
    assert [len(groups[k]) for k in ("weights", "biases")] == [9, 5]
