"""The lesson on gradients: what is particular to it, and what breaks its claims."""

import math
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import computed, forgetting

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Strips
from cli.lessons.gradients import clip, networks, rates, reach, squeezed, steep, training
from minigrad import Tensor, jacobian, relative_error
from minigrad.nn import Parameter
from minigrad.optim import clip_grad_norm, clip_grad_value
from rnn.formulas.words import diag
from rnn.layers import GRU, LSTM, RNN

LESSON = lessons.load("gradients")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(training._courses)


def wrong_order(J, h, W, t):
    return J[t + 1] @ W @ diag(1 - h[t + 1] ** 2)


def no_tanh(J, h, W, t):
    return J[t + 1] @ W + 0 * h[t + 1]


def one_too_many(J, h, W, t):
    return J[t + 1] @ diag(1 - h[t + 1] ** 2) @ W @ W


# What is wrong is noticed


def test_a_factor_in_the_wrong_order_is_noticed(monkeypatch):
    assert failing("product") == []
    computed(monkeypatch, "JACOBIAN-2", wrong_order)
    assert fails("product", "autograd")


def test_a_tanh_left_out_is_noticed(monkeypatch):
    computed(monkeypatch, "JACOBIAN-2", no_tanh)
    assert fails("product", "autograd")
    assert fails("with_tanh", "takes something")
    assert fails("taken", "log(1 − h²)")


def test_a_factor_too_many_is_noticed(monkeypatch):
    computed(monkeypatch, "JACOBIAN-2", one_too_many)
    assert fails("without_tanh", "powers of W")
    assert fails("taken", "log(1 − h²)")


def test_a_matrix_scaled_by_its_norm_is_noticed(monkeypatch):
    """ρ is the eigenvalue's size, not the singular value."""
    monkeypatch.setattr(networks, "radius", lambda W: np.linalg.norm(W, 2))
    assert fails("without_tanh", "log ρ")


def test_a_mean_of_the_wrong_thing_is_noticed(monkeypatch):
    """Noise that the walk back did not meet: the states shown are not those of the product."""
    right = squeezed.walk_back
    monkeypatch.setattr(squeezed, "walk_back", lambda W, h: right(W, {t: h[max(t - 1, 0)] for t in h}))
    assert fails("taken", "log(1 − h²)")


def test_a_matrix_that_does_not_turn_is_noticed(monkeypatch):
    monkeypatch.setattr(rates, "turning", lambda n, rho, rng: np.array([[rho, 0.5], [0, rho]]))
    assert fails("detour", "only turns")


@pytest.mark.usefixtures("afresh")
def test_no_clipping_is_noticed(monkeypatch):
    def measured(params, limit):
        return clip_grad_norm(params, math.inf)

    monkeypatch.setattr(training, "clip_grad_norm", measured)
    monkeypatch.setattr(clip, "clip_grad_norm", measured)
    monkeypatch.setattr(steep, "clip_grad_norm", measured)
    assert fails("say_it_again", "least ratio")
    assert fails("wall", "three clipped")
    assert fails("directions", "‖g‖ / θ")


def test_clipping_that_turns_is_noticed(monkeypatch):
    monkeypatch.setattr(clip, "clip_grad_norm", lambda p, limit: clip_grad_value(p, limit / 100))
    assert fails("directions", "it points where it did")


def test_clipping_what_is_short_is_noticed(monkeypatch):
    def normalised(params, limit):
        norm = math.sqrt(sum(float((p.grad.data**2).sum()) for p in params))
        for p in params:
            p.grad = Tensor(p.grad.data * (limit / norm))

    monkeypatch.setattr(clip, "clip_grad_norm", normalised)
    assert fails("directions", "stays as it is")


def test_clipping_as_a_whole_in_place_of_entries_is_noticed(monkeypatch):
    monkeypatch.setattr(clip, "clip_grad_value", clip_grad_norm)
    assert fails("directions", "entry by entry")


def test_a_healed_nan_is_noticed(monkeypatch):
    def healed(params, limit):
        for p in params:
            p.grad = Tensor(np.nan_to_num(p.grad.data).clip(-limit, limit))

    monkeypatch.setattr(training, "clip_grad_value", healed)
    assert fails("not_healed", "no number")


def test_an_untrained_network_is_noticed(monkeypatch):
    monkeypatch.setattr(reach, "fit", lambda *_: None)
    wrong = failing("reach")
    assert any("ρ of W" in s for s in wrong)
    assert any("having read one" in s for s in wrong)


def test_gates_that_are_not_held_open_are_noticed(monkeypatch):
    right = squeezed._felt
    monkeypatch.setattr(squeezed, "_felt", lambda kind, held, rng: right(kind, 0.0, rng))
    wrong = failing("gates")
    assert any("held open" in s for s in wrong)
    assert any("σ(3)" in s for s in wrong)


# Its parts


@given(st.floats(1, 20), st.integers(1, 60))
def test_the_power_of_a_shear_by_hand(shear, k):
    """Multiplied out; its norm from trace and determinant of WᵀW."""
    W = power = np.array([[0.9, shear], [0, 0.9]])
    for _ in range(k - 1):
        power = power @ W
    square = power.T @ power
    half = np.trace(square) / 2
    largest = half + math.sqrt(max(half**2 - np.linalg.det(square), 0))
    assert networks.power_norm(W, k) == pytest.approx(math.sqrt(largest), rel=1e-6)
    assert power[0, 1] == pytest.approx(k * shear * 0.9 ** (k - 1))


def test_the_printed_shear():
    """[D2L 8.7, exercises; the value is worked by hand above.]"""
    claim = conduct(LESSON.experiments["detour"], seed=0).claims[0]
    assert claim.measured == pytest.approx(19.4, abs=0.05)


@pytest.mark.parametrize("units", [1, 2, 9])
def test_drawn_and_turning_have_their_radius(units):
    rng = np.random.default_rng(units)
    for make in (networks.drawn, networks.turning):
        W = make(units, 0.7, rng)
        assert max(abs(np.linalg.eigvals(W))) == pytest.approx(0.7)
    np.testing.assert_allclose(W @ W.T, 0.49 * np.eye(units), atol=1e-12)


def test_the_walk_back_by_differences():
    rng = np.random.default_rng(3)
    W, loud = networks.drawn(3, 1.2, rng), 0.5
    h = networks.listening(W, 4, loud, rng)
    noise = {t: np.arctanh(h[t]) - W @ h[t - 1] for t in range(1, 5)}

    def last(start):
        for t in range(2, 5):
            start = np.tanh(W @ start + noise[t])
        return start.ravel()

    J, nu = networks.walk_back(W, h)
    moved = [1e-6 * e[:, None] for e in np.eye(3)]
    differences = np.stack([(last(h[1] + d) - last(h[1] - d)) / 2e-6 for d in moved], axis=1)
    assert relative_error(J[1], differences) < 1e-7
    assert nu[1] == pytest.approx(math.sqrt(max(np.linalg.eigvalsh(J[1].T @ J[1]))))


@pytest.mark.parametrize("steps", [1, 7, 30])
def test_the_slope_of_the_wall_by_hand(steps):
    w = 1.02
    assert steep._slope(w, steps) == pytest.approx(abs(2 * (w**steps - 0.5) * steps * w ** (steps - 1)))


def test_degrees():
    assert clip._degrees(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == "45°"
    assert clip._degrees(np.array([4.0, 1.0]), np.array([8.0, 2.0])) == "0°"


def test_clipping_for_show_leaves_the_gradient():
    p = Parameter(np.zeros(2))
    p.grad = Tensor(np.array([3.0, 4.0]))
    np.testing.assert_allclose(clip._after([p], lambda ps: clip_grad_norm(ps, 1.0)), [0.6, 0.8])
    assert p.grad.data.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_what_is_felt_is_the_norm_of_a_jacobian(kind, monkeypatch):
    """All rows at once against the engine's Jacobian, input by input."""
    monkeypatch.setattr(squeezed, "_FAR", 3)
    norms = squeezed._felt(kind, 0.0, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    layer = kind(squeezed._INPUTS, squeezed._UNITS, dtype=np.float64, rng=rng)
    x = rng.standard_normal((4, 1, squeezed._INPUTS))
    for back, norm in enumerate(norms):
        t = 3 - back

        def last(xt, t=t):
            return layer(Tensor(x) + np.eye(4)[t][:, None, None] * (xt - x[t]))[0][-1]

        J = jacobian(last, Tensor(x[t])).data.reshape(squeezed._UNITS, squeezed._INPUTS)
        assert norm == pytest.approx(np.linalg.norm(J, 2))


@pytest.mark.usefixtures("afresh")
def test_clipped_or_not_they_start_alike():
    """The same network and the same examples; the first loss and the first gradient are the same."""
    a, b = (training.learn(20, theta, 1.0, np.random.default_rng(1)) for theta in (0.2, math.inf))
    assert a.losses[0] == b.losses[0]
    assert a.norms[0] == b.norms[0] > 0.2
    assert a.losses[1] != b.losses[1]
    assert len(b.losses) < len(a.losses) == training._UPDATES


def test_what_is_heard_by_hand():
    said = np.array([[[0.5], [-1.0]]])
    assert training.heard(said, 3)[..., 0].tolist() == [[0.5, -1.0], [0, 0], [0, 0]]


def test_what_is_said_is_what_was_heard_first():
    """Updates of length zero teach nothing: the loss stays near the mean square of what is to be said."""
    course = training.learn(20, 0.0, 0.5, np.random.default_rng(0))
    assert np.mean(course.losses) == pytest.approx(training._GUESS, abs=0.1)


def small_network():
    return reach.drawn_for(5, np.random.default_rng(0))


def test_pieces_are_pieces_of_the_text():
    ids = np.arange(100)
    pieces = reach.windows(ids, 50, np.random.default_rng(0))
    assert pieces.shape == (reach._WINDOW + 1, 50)
    assert (np.diff(pieces, axis=0) == 1).all()
    assert 0 <= pieces.min() < 10
    assert 90 < pieces.max() <= 99


@pytest.mark.parametrize("read", [1, 4])
def test_the_loss_after_few_by_hand(read):
    network = small_network()
    pieces = reach.windows(np.random.default_rng(1).integers(0, 5, 200), 6, np.random.default_rng(2))
    losses = []
    for piece in pieces.T:
        h = np.zeros(reach._UNITS)
        for k in piece[-1 - read : -1]:
            a = network.layer.weight_ih_l0.data[:, k] + network.layer.weight_hh_l0.data @ h
            h = np.tanh(a + network.layer.bias_ih_l0.data + network.layer.bias_hh_l0.data)
        o = network.head.weight.data @ h + network.head.bias.data
        losses.append(np.log(np.exp(o).sum()) - o[piece[-1]])
    assert reach.loss_after(network, pieces, read) == pytest.approx(np.mean(losses))


def test_mean_norms_by_hand():
    network = small_network()
    pieces = reach.windows(np.random.default_rng(1).integers(0, 5, 200), 2, np.random.default_rng(2))
    W, states = network.layer.weight_hh_l0.data, network.layer(pieces[:-1])[0].data
    product = [np.eye(reach._UNITS), np.eye(reach._UNITS)]
    for k in range(3):
        product = [J @ (np.diag(1 - states[-1 - k, b] ** 2) @ W) for b, J in enumerate(product)]
    expected = math.sqrt(np.linalg.norm(product[0], 2) * np.linalg.norm(product[1], 2))
    assert reach.mean_norms(network, pieces)[reach._WINDOW - 3] == pytest.approx(expected)
    assert reach.taken(network, pieces) == pytest.approx(np.log(1 - states**2).mean())


# What is shown


def test_the_strips_go_from_the_first_state_to_the_last():
    """The last state by itself has the norm one; the first, without tanh, grows with ρ."""
    (strip,) = (f for f in conduct(LESSON.experiments["without_tanh"], seed=0).figures if isinstance(f, Strips))
    assert [values[-1] for _, values in strip.rows] == [1.0] * 5
    first = [values[0] for _, values in strip.rows]
    assert first == sorted(first)
    assert [name for name, _ in strip.rows] == [f"ρ = {rho}" for rho in networks.RADII]
