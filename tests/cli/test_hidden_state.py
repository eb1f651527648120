"""The lesson on the hidden state: what is particular to it, and what breaks its claims."""

import re
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, check_code_is_whole, computed, forgetting, read

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Lattice
from cli.lessons.hidden_state import again, graph, longer, separate, state
from cli.lessons.hidden_state.networks import driven, rows
from cli.lessons.hidden_state.separate import Separate, Shared, learned
from cli.render.lattices import lattice
from minigrad import Tensor, grad, relative_error
from rnn import RnnError
from rnn.formulas import REGISTRY

LESSON = lessons.load("hidden-state")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(longer.trained_networks)


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 20, 10)


# What is wrong is noticed


def test_the_order_of_concatenation_matters(monkeypatch):
    assert failing("concatenation") == []
    monkeypatch.setattr(state, "side_by_side", lambda X, H: np.hstack([H, X]))
    assert fails("concatenation", "one product equals two", hidden=3)
    monkeypatch.undo()
    monkeypatch.setattr(state, "one_above_other", lambda a, b: np.vstack([b, a]))
    assert fails("concatenation", "one product equals two", hidden=3)


def test_a_copy_left_out_is_noticed(monkeypatch):
    assert failing("copies") == []
    monkeypatch.setattr(graph, "added", lambda parts: np.sum(parts[1:], axis=0))
    assert fails("copies", "add up")


def test_a_wrong_24_is_noticed(monkeypatch):
    """Without its last term."""
    right = REGISTRY["24"].function
    computed(monkeypatch, "24", lambda h, grad_h, tau: right(h, grad_h, tau - 1))
    assert fails("copies", "equation 24")


def test_a_g_that_forgets_its_first_input_is_noticed(monkeypatch):
    right = again.g
    monkeypatch.setattr(again, "g", lambda start, theta, *past: right(start, theta, *past[:-1]))
    assert fails("whole_past", "g⁽ᵗ⁾")


def test_a_state_that_forgets_is_noticed(monkeypatch):
    def forgetful(problem):
        known = again.engine_values(problem)
        return {**known, "H": dict.fromkeys(known["H"], known["H"][0])}

    monkeypatch.setattr(state, "engine_values", forgetful)
    assert fails("without_memory", "still tells")


@pytest.mark.usefixtures("afresh")
def test_an_untrained_network_does_not_run_past_the_end(monkeypatch):
    monkeypatch.setattr(longer, "fit", lambda *_: None)
    assert fails("past_the_end", "past the trained length")


@pytest.mark.usefixtures("afresh")
def test_weights_that_wrap_around_are_noticed(monkeypatch):
    """A separate network that answers past its end by beginning anew."""
    real = Separate.__call__
    monkeypatch.setattr(
        Separate, "__call__", lambda self, ids: real(self, ids[(np.arange(len(ids)) % 6)[: min(len(ids), 6)]])
    )
    assert fails("past_the_end", "positions answered")


# Its parts


def test_the_copies_gradients_by_differences():
    problem = driven(2, 3, 0)
    W = problem.layer.weight_hh_l0.data.copy()

    def loss(copies):
        given, total = problem.given(), 0.0
        h = given["h"][0]
        b = (problem.layer.bias_ih_l0.data + problem.layer.bias_hh_l0.data)[:, None]
        for t, copy in enumerate(copies, 1):
            h = np.tanh(b + copy @ h + problem.layer.weight_ih_l0.data @ given["x"][t])
            o = problem.head.weight.data @ h + problem.head.bias.data[:, None]
            total += np.log(np.exp(o).sum()) - o[problem.targets[t - 1], 0]
        return total

    for t, exact in enumerate(graph._of_copies(problem)):
        for i, j in np.ndindex(*W.shape):
            moved = [[W.copy() for _ in range(3)] for _ in range(2)]
            moved[0][t][i, j] += 1e-5
            moved[1][t][i, j] -= 1e-5
            assert (loss(moved[0]) - loss(moved[1])) / 2e-5 == pytest.approx(exact[i, j], rel=1e-6, abs=1e-9)


def test_the_two_texts_differ_in_their_first_letter_only():
    x = rows(2, 4, 0).x
    assert (x[0, 0] != x[0, 1]).any()
    assert (x[1:, 0] == x[1:, 1]).all()


def test_the_lamp_by_hand():
    switches = np.array([[0, 2], [1, 1], [0, 1], [2, 0], [0, 2], [1, 0]])
    assert longer.lamp(switches).T.tolist() == [[0, 1, 1, 0, 0, 1], [0, 1, 1, 1, 0, 0]]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20))
def test_the_lamp_is_the_last_switch(pressed):
    last = next((k for k in reversed(pressed) if k), longer.OFF)
    assert bool(longer.lamp(np.array(pressed)[:, None])[-1, 0]) == (last == longer.ON)


def networks(positions=4):
    rng = np.random.default_rng(0)
    shared = Shared(3, 5, 2, rng)
    return shared, Separate(shared, positions), rng.integers(0, 3, (positions, 7))


def test_both_networks_start_as_one_function():
    shared, own, ids = networks()
    for n in (1, 3, 4):
        assert relative_error(own(ids[:n]).data, shared(ids[:n]).data) < 1e-13


def test_separate_weights_act_at_their_position_only():
    _, own, ids = networks()
    before = own(ids).data
    own.W.data[2] += 1
    own.W.touch()
    after = own(ids).data
    assert (before[:2] == after[:2]).all()
    assert (np.abs(before[2:] - after[2:]).max(axis=(1, 2)) > 1e-3).all()


def test_separate_gradients_add_up_to_the_shared_one():
    shared, own, ids = networks()
    mine = grad(own(ids).sum(), own.W).data.sum(axis=0)
    assert relative_error(mine.T, grad(shared(ids).sum(), shared.layer.weight_hh_l0).data) < 1e-12


def test_past_the_end_there_are_no_weights():
    _, own, ids = networks()
    with pytest.raises(RnnError, match="has 5 steps; weights for each position; they end at position 4"):
        own(np.vstack([ids, ids[:1]]))


def test_numbers_to_learn_by_hand():
    shared, own, ids = networks()
    each = 5 * 3 + 5 * 5 + 5 + 2 * 5 + 2
    assert learned(shared(ids).sum()) == learned(shared(ids[:1]).sum()) == each
    assert learned(own(ids).sum()) == 4 * each
    assert learned(Tensor(np.ones(3), requires_grad=True).tanh().sum()) == 3


def test_inputs_of_a_node_are_its_tensors():
    a, b = Tensor(np.ones(2), requires_grad=True), Tensor(np.ones(2))
    assert [x is y for x, y in zip(separate.inputs((a * b).node), (a, b), strict=True)] == [True, True]


# What is shown


def test_the_unrolled_graph_is_drawn():
    figure = graph._lattice(3)
    lines = lattice(figure, 54).plain.splitlines()
    assert [re.findall(r"[ohx]⁽.⁾", line) for line in lines if re.search(r"[ohx]⁽", line)] == [
        ["o⁽¹⁾", "o⁽²⁾", "o⁽³⁾"],
        ["h⁽⁰⁾", "h⁽¹⁾", "h⁽²⁾", "h⁽³⁾"],
        ["x⁽¹⁾", "x⁽²⁾", "x⁽³⁾"],
    ]
    middle = next(line for line in lines if "h⁽⁰⁾" in line)
    assert middle.count("W") == middle.count("→") == 3
    tips = next(line for line in lines if "↑" in line)
    assert [lines[0].index(f"o⁽{k}⁾") + 1 for k in "¹²³"] == [i for i, c in enumerate(tips) if c == "↑"]


@pytest.mark.parametrize("width", [30, 40, 54, 78])
@pytest.mark.parametrize("columns", [2, 5, 30])
def test_a_graph_fits_whatever_its_length(width, columns):
    names = tuple(f"h⁽{k}⁾" for k in range(columns))
    figure = Lattice((names, names), ((None,) * (columns - 1), ("W",) * (columns - 1)), (("V",) * columns,))
    lines = lattice(figure, width).plain.splitlines()
    assert max(map(len, lines)) <= width
    assert names[0] in lines[0]
    assert lines[0].rstrip().endswith(names[-1])
    assert ("…" in "".join(lines)) == (columns == 30 or (columns == 5 and width < 50))


@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_on_the_page_add_up_as_printed(seed):
    """No number of the concatenation page hides a digit behind its three decimals."""
    shown = [f.items for f in conduct(LESSON.experiments["concatenation"], seed=seed).figures]
    for name, value in (*shown[0], *shown[1]):
        np.testing.assert_allclose(np.round(value, 3), value, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("width", [60, 120])
def test_code_on_the_page_is_short(width):
    check_code_is_whole(LESSON, "g", "unroll", "gradients_of_copies", width=width)
    shown = "\n".join(read(LESSON, width))
    assert "-> " not in shown
    assert '"""' not in shown
