"""The lesson on gated recurrent units: what is particular to it, and what breaks its claims."""

from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured, check_code_is_whole, computed, forgetting

from cli.lab import gates, lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Traces
from cli.lab.texts import prepare
from cli.lessons.gru import back, by_hand, far, forms, hold, marks, networks, printed, set_gates
from minigrad import Tensor, relative_error
from rnn.layers import GRU
from rnn.verify import engine_values

LESSON = lessons.load("gru")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(hold.trained)


def sigma(a):
    return 1 / (1 + np.exp(-a))


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 30, 15, seeds=(4, 8))


def mixed_up(z, n, h, t):
    return z[t] * n[t] + (1 - z[t]) * h[t - 1]


def not_reset(r, h, t):
    return h[t - 1]


# What is wrong is noticed


def test_a_mixture_the_other_way_round_is_noticed(monkeypatch):
    assert failing("mixture") == failing("kept") == failing("overwritten") == []
    computed(monkeypatch, "GRU-8", mixed_up)
    assert fails("mixture", "equations 1 to 8")
    assert fails("kept", "by the equations")
    assert fails("overwritten", "by the equations")


def test_a_state_outside_the_mixture_is_noticed(monkeypatch):
    def outside(problem):
        known = engine_values(problem)
        return {**known, "h": {**known["h"], 2: known["h"][2] + 2}}

    monkeypatch.setattr(by_hand, "engine_values", outside)
    assert fails("mixture", "between its old state")


def test_a_reset_that_is_left_out_is_noticed(monkeypatch):
    computed(monkeypatch, "GRU-5", not_reset)
    assert fails("forgotten", "what is left of the first letter")
    assert fails("forgotten", "input's alone")
    assert fails("mixture", "equations 1 to 8")


def test_a_unit_that_keeps_its_number_fails_the_first_page(monkeypatch):
    assert failing("rewritten") == []
    monkeypatch.setattr(by_hand, "wait", lambda start, weight: start)
    assert len(failing("rewritten")) == 1
    monkeypatch.setattr(by_hand, "wait", lambda start, weight: 0 * start)
    assert fails("rewritten", "a sign can stay")


def test_a_gate_not_quite_open_is_noticed(monkeypatch):
    monkeypatch.setattr(set_gates, "SURE", 10.0)
    assert len(failing("kept")) == 3


def test_another_network_than_the_plain_one_is_noticed(monkeypatch):
    right = set_gates.tanh_network

    def other(problem):
        plain = right(problem)
        plain.layer.weight_hh_l0.assign(plain.layer.weight_hh_l0.data.T)
        return plain

    monkeypatch.setattr(set_gates, "tanh_network", other)
    assert len(failing("overwritten")) == 3


def test_a_gate_at_the_wrong_character_is_noticed(monkeypatch):
    right = marks.toggle
    assert failing("turned_over") == []
    monkeypatch.setattr(marks, "toggle", lambda vocabulary, mark: right(vocabulary, mark - 1))
    assert len(failing("turned_over")) >= 1


def test_a_way_that_is_forgotten_is_noticed(monkeypatch):
    """GRU-18 without the reset gate's way, and a direct way that is not z's."""
    assert failing("jacobians") == failing("every_gradient") == []
    computed(monkeypatch, "GRU-18", lambda h, grad_q, t: 0 * grad_q[t])
    assert fails("jacobians", "add up")
    assert len(failing("every_gradient")) >= 2
    monkeypatch.undo()
    monkeypatch.setattr(back, "ways", lambda values, t: [2 * np.eye(2)] * 4)
    assert fails("jacobians", "diag(z)")


def test_a_bias_that_is_not_added_is_noticed(monkeypatch):
    assert failing("far_back") == []
    monkeypatch.setattr(far, "opened", lambda drawn, added: drawn)
    assert len(failing("far_back")) >= 2


def test_forms_that_are_one_form_are_noticed(monkeypatch):
    assert failing("two_forms") == []
    monkeypatch.setattr(forms, "FORMS", {"D2L": True, "torch": True})
    assert fails("two_forms", "R as computed")
    assert fails("two_forms", "saves")


def test_a_misprint_that_is_none_is_noticed(monkeypatch):
    assert failing("as_printed") == []
    monkeypatch.setattr(printed, "printed", lambda p, x, squash: printed.usual(p, x)["h"])
    assert len(failing("as_printed")) >= 3


@pytest.mark.usefixtures("afresh")
def test_networks_that_have_learned_nothing_are_noticed(monkeypatch):
    monkeypatch.setattr(hold, "fit", lambda *_: None)
    assert len(failing("held")) == 4


# Its parts


@pytest.mark.parametrize("r", [0, 0.3, 1])
@pytest.mark.parametrize("z", [0, 0.7, 1])
def test_gates_that_are_set_by_plain_loops(r, z):
    problem = gates.tiny("gru", 2, 4, 5)
    known, h = problem.given(), problem.h0[:, None]
    for t in range(1, 5):
        n = np.tanh(known["b_n"] + known["W_n"] @ (r * h) + known["U_n"] @ known["x"][t])
        h = z * h + (1 - z) * n
        assert relative_error(gates.with_gates(problem, r=r, z=z)["h"][t], h) < 1e-12


@pytest.mark.parametrize("gate", ["r", "z"])
@pytest.mark.parametrize("reset_after", [True, False])
def test_fixing_a_gate_fixes_that_gate(gate, reset_after):
    layer = networks.gru(3, 4, np.random.default_rng(0), reset_after=reset_after)
    x = np.random.default_rng(1).standard_normal((5, 1, 3))
    before = marks.steps_of(layer, Tensor(x), np.ones(4))
    gates.fix(layer, **{gate: 0.7})
    after = marks.steps_of(layer, Tensor(x), np.ones(4))
    other = {"r": "z", "z": "r"}[gate]
    np.testing.assert_allclose(after[gate], sigma(0.7), rtol=1e-12)
    assert (after[other][0] == before[other][0]).all()
    assert np.ptp(after[other]) > 1e-3


def test_steps_are_those_of_the_layer():
    layer = networks.gru(3, 4, np.random.default_rng(0), reset_after=True)
    x, start = np.random.default_rng(1).standard_normal((6, 1, 3)), np.ones(4)
    found = marks.steps_of(layer, Tensor(x), start)
    assert relative_error(found["h"], layer(Tensor(x), Tensor(start[None, None]))[0].data[:, 0]) < 1e-12
    before = np.vstack([start[None], found["h"][:-1]])
    assert relative_error(found["h"], (1 - found["z"]) * found["n"] + found["z"] * before) < 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_four_ways_by_hand(seed):
    """Each part of ∂h⁽²⁾/∂h⁽¹⁾ as a product of matrices."""
    problem = gates.tiny("gru", 3, 3, seed)
    values, known = engine_values(problem), problem.given()
    r, z, n = (values[k][2] for k in "rzn")
    before = values["h"][1]
    slope = np.diagflat((1 - z) * (1 - n**2)) @ known["W_n"]
    direct, through_n, through_r, through_z = back.ways(values, 1)
    assert (direct == np.diagflat(z)).all()
    assert relative_error(through_n, slope @ np.diagflat(r)) < 1e-12
    assert relative_error(through_r, slope @ np.diagflat(before * r * (1 - r)) @ known["W_r"]) < 1e-12
    assert relative_error(through_z, np.diagflat((before - n) * z * (1 - z)) @ known["W_z"]) < 1e-12


def test_the_gradient_back_by_differences():
    rng = np.random.default_rng(0)
    layer = GRU(3, 4, dtype=np.float64, rng=rng)
    ids, direction = np.array([0, 2, 1, 1, 0]), rng.standard_normal(4)
    norms = far.felt(layer, ids, direction)
    found = marks.steps_of(layer, ids[:, None], np.zeros(4))["h"]

    def last(state):
        return marks.steps_of(layer, ids[3:, None], state)["h"][-1] @ direction

    slopes = [(last(found[2] + e) - last(found[2] - e)) / 2e-6 for e in 1e-6 * np.eye(4)]
    assert norms[0] == pytest.approx(np.linalg.norm(direction))
    assert norms[2] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


def test_what_is_added_is_added_to_the_update_gate_alone():
    drawn = GRU(5, 4, dtype=np.float64, rng=np.random.default_rng(0))
    before, after = drawn.state_dict(), far.opened(drawn, 2.0).state_dict()
    for name, array in before.items():
        moved = np.zeros(array.shape)
        if name == "bias_ih_l0":
            moved[4:8] = 2
        np.testing.assert_allclose(after[name] - array, moved, atol=1e-12)


@given(st.text(alphabet='ab"', min_size=1, max_size=30))
def test_the_toggle_is_right_about_any_text(text):
    ids = np.array(['ab"'.index(c) for c in text])
    h = marks.steps_of(marks.toggle(3, 2), ids[:, None], np.array([-1], np.float32))["h"]
    assert (h[:, 0] > 0).tolist() == [text[: k + 1].count('"') % 2 == 1 for k in range(len(text))]
    assert marks.spoken(ids, 2).tolist() == (h[:, 0] > 0).astype(int).tolist()


def test_the_best_tanh_unit_starts_as_the_gated_one_and_is_a_tanh_unit():
    read = np.array([0, 1, 0, 0, 1, 0], bool)
    states = marks.best_tanh_unit(read, np.cumsum(read) % 2)
    a = np.arctanh(states)
    quiet = np.flatnonzero(~read[1:]) + 1
    rows = np.column_stack([states[quiet - 1], np.ones(len(quiet))])
    line, *_ = np.linalg.lstsq(rows, a[quiet], rcond=None)
    assert np.allclose(rows @ line, a[quiet], atol=1e-5)


def test_numbers_to_hold_by_hand():
    x, held = hold.numbers(20, 3, np.random.default_rng(0))
    for b in range(3):
        last = None
        for t in range(20):
            last = x[t, b, 0] if x[t, b, 1] else last
            assert held[t, b, 0] == last
    assert 0 < x[1:, :, 1].mean() < 0.6


def test_both_learners_have_as_many_numbers():
    pair = hold.trained(120, 0)
    sizes = [sum(p.size for p in network.parameters()) for network in vars(pair).values()]
    assert sizes[0] >= sizes[1]
    assert sizes[0] <= 1.15 * sizes[1]


def test_printed_with_the_usual_order_is_the_usual_unit():
    """The book's form, tanh put back and the inputs moved by one, by a loop of its own."""
    p = gates.tiny("gru", 2, 3, 0).given()
    x, h = {0: p["x"][1], 1: p["x"][2], 2: p["x"][3]}, p["h"][0]
    found = printed.printed(p, x, np.tanh)
    for t in range(1, 4):
        r, z = (sigma(p[f"b_{g}"] + p[f"W_{g}"] @ h + p[f"U_{g}"] @ p["x"][t]) for g in "rz")
        h = z * h + (1 - z) * np.tanh(p["b_n"] + p["W_n"] @ (r * h) + p["U_n"] @ p["x"][t])
        assert relative_error(found[t], h) < 1e-12


# What is shown


def test_traces_are_as_long_as_their_text():
    figures = [f for name in ("turned_over", "held") for f in conduct(LESSON.experiments[name], seed=0).figures]
    shown = [f for f in figures if isinstance(f, Traces)]
    assert len(shown) == 2
    for figure in shown:
        assert {len(values) for _, values in figure.rows} == {len(figure.text)}
    assert shown[0].text in prepare().vocab.decode(prepare().held_out)
    assert shown[0].text.count('"') >= 4


def test_code_on_the_page_is_not_broken():
    check_code_is_whole(LESSON, "with_gates", "toggle")
