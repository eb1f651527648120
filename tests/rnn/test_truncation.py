"""Truncated backpropagation through time: against the equations, and against windows run by hand and detached."""

import gc
import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, cross_entropy, grad, mse_loss, relative_error
from minigrad.nn import Linear, Parameter
from minigrad.optim import SGD
from rnn import GRU, LSTM, RNN, JordanRNN, LSTMState, RnnError
from rnn.composition import Bidirectional, Stack
from rnn.formulas import evaluate, find
from rnn.truncation import truncated_bptt
from rnn.witnesses.truncated import random_truncated

T, B, I, H = 11, 3, 4, 5  # noqa: E741  # the project's letters
WINDOWS = [(1, 1), (3, 1), (4, 2), (5, 3), (5, 4), (4, 4), (8, 3), (11, 2), (30, 4), (30, 30)]


def layers(rng):
    options = {"dtype": np.float64, "rng": rng}
    return {
        "rnn": RNN(I, H, **options),
        "rnn stepwise": RNN(I, H, 2, implementation="stepwise", **options),
        "relu": RNN(I, H, nonlinearity="relu", **options),
        "gru": GRU(I, H, **options),
        "lstm": LSTM(I, H, 2, **options),
        "jordan": JordanRNN(I, H, 2, **options),
        "stack": Stack([LSTM(I, 3, **options), GRU(3, H, **options)]),
    }


NAMES = list(layers(np.random.default_rng(0)))


def detached(state):
    if isinstance(state, LSTMState):
        return LSTMState(state.h.detach(), state.c.detach())
    return tuple(map(detached, state)) if isinstance(state, tuple) else state.detach()


def by_hand(layer, x, loss, window, stride, state):
    """Every state kept, every window stepped through from a detached one, every loss on its own: slow and plain."""
    kept = [state]
    for t in range(len(x)):
        kept.append(detached(layer(x[t : t + 1], kept[-1])[1]))
    for first in range(0, len(x), stride):
        end = min(first + stride, len(x))
        begin = max(0, end - window)
        state, outputs = kept[begin], {}
        for t in range(begin, end):
            outputs[t], state = layer(x[t : t + 1], state)
        sum(loss(outputs[t], slice(t, t + 1)) for t in range(first, end)).backward()


def squared(targets):
    """The sum of squares, so that losses of steps add up."""

    def loss(output, steps):
        return ((output - Tensor(targets[steps])) ** 2).sum()

    return loss


def collected(layer):
    """What `.grad` has gathered, and is then rid of."""
    found = {name: p.grad.data.copy() for name, p in layer.named_parameters()}
    for p in layer.parameters():
        p.grad = None
    return found


def assert_same(found, expected, bound=1e-11):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert relative_error(found[name], value) < bound, name


# Exactly the gradient of the equations


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (3, 1), (3, 2), (4, 4), (5, 3), (7, 7), (9, 2)])
def test_an_elman_networks_gradients_are_those_of_the_equations(window, stride):
    p = random_truncated("truncated", np.random.default_rng(4), window=window, stride=stride, steps=7)
    known = evaluate(find("truncated"), p.given())

    def loss(output, steps):
        return cross_entropy(p.head(output), p.targets[steps]) * float(steps.stop - steps.start)

    for part in truncated_bptt(p.layer, p.x, loss, window=window, stride=stride, state=Tensor(p.h0[None])):
        part.loss.backward()
        k = part.steps.start // stride + 1
        assert part.loss.item() == pytest.approx(known["L"][k], rel=1e-12)
    for letter, parameter in (("W", "weight_hh_l0"), ("U", "weight_ih_l0"), ("b", "bias_ih_l0"), ("b", "bias_hh_l0")):
        found = getattr(p.layer, parameter).grad.data.reshape(known[f"grad_{letter}"].shape)
        assert relative_error(found, known[f"grad_{letter}"]) < 1e-12
    whole = p.run()
    assert relative_error(p.head.weight.grad.data, whole.value("grad_V")) < 1e-12  # never cut
    assert relative_error(p.head.bias.grad.data[:, None], whole.value("grad_c")) < 1e-12


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("window", "stride"), WINDOWS)
def test_any_layer_against_windows_by_hand(name, window, stride):
    rng = np.random.default_rng(7)
    layer, x = layers(rng)[name], rng.standard_normal((T, B, I))
    loss = squared(rng.standard_normal((T, B, layer.output_size)))
    start = layer(rng.standard_normal((2, B, I)))[1]  # some state, of the layer's own form
    for part in truncated_bptt(layer, x, loss, window=window, stride=stride, state=detached(start)):
        part.loss.backward()
    found = collected(layer)
    by_hand(layer, x, loss, window, stride, detached(start))
    assert_same(found, collected(layer))


@pytest.mark.parametrize("name", ["gru", "lstm", "stack"])
def test_a_window_of_all_steps_is_the_whole_gradient_and_a_shorter_one_is_not(name):
    rng = np.random.default_rng(1)
    layer, x = layers(rng)[name], rng.standard_normal((T, B, I))
    loss = squared(rng.standard_normal((T, B, layer.output_size)))
    loss(layer(x)[0], slice(0, T)).backward()
    whole = collected(layer)
    for stride in (1, 4, T):
        for part in truncated_bptt(layer, x, loss, window=T, stride=stride):
            part.loss.backward()
        assert_same(collected(layer), whole)
    for part in truncated_bptt(layer, x, loss, window=T - 1, stride=1):
        part.loss.backward()
    assert any(relative_error(g, whole[name]) > 1e-6 for name, g in collected(layer).items())


def test_the_graph_reaches_back_exactly_the_window():
    rng = np.random.default_rng(2)
    layer, x = layers(rng)["gru"], Tensor(rng.standard_normal((T, B, I)), requires_grad=True)
    reached = []
    for part in truncated_bptt(layer, x, squared(np.zeros((T, B, H))), window=5, stride=2):
        felt = grad(part.loss, x).data
        reached.append([t for t in range(T) if np.any(felt[t])])
    ends = [2, 4, 6, 8, 10, 11]
    assert reached == [list(range(max(0, end - 5), end)) for end in ends]


# What is handed out


def test_parts_are_in_order_with_the_state_after_each():
    rng = np.random.default_rng(3)
    layer, x = layers(rng)["lstm"], rng.standard_normal((T, B, I))
    seen = []

    def loss(output, steps):
        seen.append(output.data)
        return output.sum()

    parts = list(truncated_bptt(layer, x, loss, window=6, stride=4))
    assert [part.steps for part in parts] == [slice(0, 4), slice(4, 8), slice(8, 11)]
    assert relative_error(np.concatenate(seen), layer(x)[0].data) < 1e-12
    for part in parts:
        expected = layer(x[: part.steps.stop])[1]
        assert type(part.state) is LSTMState
        assert relative_error(part.state.h.data, expected.h.data) < 1e-12
        assert relative_error(part.state.c.data, expected.c.data) < 1e-12
        assert not part.state.h.requires_grad


def test_without_a_stride_it_is_the_window():
    layer = layers(np.random.default_rng(0))["rnn"]
    parts = truncated_bptt(layer, np.ones((T, B, I)), lambda output, steps: output.sum(), window=4)
    assert [part.steps for part in parts] == [slice(0, 4), slice(4, 8), slice(8, 11)]


def test_the_last_state_begins_the_next_sequence():
    """Two halves are one sequence, where nothing reaches from the second half into the first."""
    rng = np.random.default_rng(5)
    layer, x = layers(rng)["stack"], rng.standard_normal((8, B, I))
    loss = squared(np.zeros((8, B, H)))
    for part in truncated_bptt(layer, x, loss, window=4):
        part.loss.backward()
    whole, state = collected(layer), None
    for half in (x[:4], x[4:]):
        for part in truncated_bptt(layer, half, squared(np.zeros((4, B, H))), window=4, stride=4, state=state):
            part.loss.backward()
            state = part.state
    assert_same(collected(layer), whole)


def test_every_form_of_input():
    """Batch first, ids, one sequence alone: the same gradients as time first, one-hot, a batch of one."""
    rng = np.random.default_rng(6)
    ids, targets = rng.integers(0, I, (T, B)), rng.standard_normal((T, B, H))
    layer = GRU(I, H, dtype=np.float64, rng=rng)
    turned = GRU(I, H, batch_first=True, dtype=np.float64)
    turned.load_state_dict(layer.state_dict())

    def gathered(layer, x, loss):
        for part in truncated_bptt(layer, x, loss, window=5, stride=3):
            part.loss.backward()
        return collected(layer)

    expected = gathered(layer, np.eye(I)[ids], squared(targets))
    assert_same(gathered(layer, ids, squared(targets)), expected)
    assert_same(gathered(layer, Tensor(np.eye(I)[ids]), squared(targets)), expected)

    def transposed(output, steps):
        return ((output - Tensor(targets.transpose(1, 0, 2)[:, steps])) ** 2).sum()

    assert_same(gathered(turned, np.eye(I)[ids.T], transposed), expected)
    assert_same(gathered(turned, ids.T, transposed), expected)
    alone = gathered(layer, ids[:, :1], squared(targets[:, :1]))
    assert_same(gathered(layer, ids[:, 0], squared(targets[:, 0])), alone)
    assert_same(gathered(turned, ids[:, 0], squared(targets[:, 0])), alone)


def test_a_learned_first_state_gets_what_the_windows_at_the_beginning_give():
    rng = np.random.default_rng(8)
    layer, x, loss = layers(rng)["rnn"], rng.standard_normal((T, B, I)), squared(np.zeros((T, B, H)))
    start = Parameter(rng.standard_normal((1, B, H)), np.float64)
    for part in truncated_bptt(layer, x, loss, window=4, stride=2, state=start):
        part.loss.backward()
    found = start.grad.data
    expected = grad(loss(layer(x[:4], start)[0], slice(0, 4)), start).data
    assert relative_error(found, expected) < 1e-12


# With an optimiser, and for long


def test_an_optimisers_step_between_two_parts():
    """Each window is run with the parameters of its time, from the state that the run before it left there."""
    rng = np.random.default_rng(9)
    window, stride, lr = 5, 2, 0.05
    x, targets = rng.standard_normal((9, B, I)), rng.standard_normal((9, B, H))
    layer = layers(np.random.default_rng(1))["lstm"]
    optimizer, losses = SGD(layer.parameters(), lr), []
    for part in truncated_bptt(layer, x, squared(targets), window=window, stride=stride):
        losses.append(part.loss.item())
        optimizer.zero_grad()
        part.loss.backward()
        optimizer.step()
    other = layers(np.random.default_rng(1))["lstm"]
    begin, state, expected = 0, None, []
    for end in (2, 4, 6, 8, 9):
        later, after = max(0, min(end + stride, 9) - window), state
        if later > begin:
            after = detached(other(x[begin:later], state)[1])
        first = (end - 1) // stride * stride
        loss = squared(targets)(other(x[begin:end], state)[0][first - begin :], slice(first, end))
        expected.append(loss.item())
        for p, g in zip(other.parameters(), grad(loss, list(other.parameters())), strict=True):
            p.assign(p.data - lr * g.data)
        begin, state = later, after
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    for a, b in zip(layer.parameters(), other.parameters(), strict=True):
        assert relative_error(a.data, b.data) < 1e-10


def test_it_learns_what_lies_further_back_than_a_short_window_can_carry():
    """The target is the input of two steps before: a window of 2 cannot carry a loss to where it was read, 3 can."""
    ids = np.random.default_rng(10).integers(0, 2, (302, 8))

    def at_the_end(window):
        layer, head = RNN(2, 8, rng=np.random.default_rng(0)), Linear(8, 2, rng=np.random.default_rng(1))
        optimizer, losses = SGD([*layer.parameters(), *head.parameters()], 0.5), []

        def loss(output, steps):
            return cross_entropy(head(output), ids[:-2][steps])

        for part in truncated_bptt(layer, ids[2:], loss, window=window, stride=1):
            optimizer.zero_grad()
            part.loss.backward()
            optimizer.step()
            losses.append(part.loss.item())
        return np.mean(losses[-50:])

    assert at_the_end(3) < 0.1
    assert at_the_end(2) > 0.5


def test_memory_does_not_grow_with_the_length_and_does_with_the_window():
    """At the worst moment, besides x. `collect` also frees the tuples that the interpreter keeps to use again."""
    layer = GRU(I, 32, rng=np.random.default_rng(0), implementation="stepwise")  # whose steps outweigh all else

    def peak(steps, window):
        x, targets = np.zeros((steps, B, I), np.float32), np.zeros((steps, B, 32), np.float32)
        tracemalloc.start()
        for part in truncated_bptt(layer, x, squared(targets), window=window, stride=5):
            part.loss.backward()
            gc.collect()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    gc.freeze()  # what is there already need not be looked at
    try:
        peak(20, 10)  # whatever is made only once
        short, long, wide = peak(20, 10), peak(100, 10), peak(40, 30)
    finally:
        gc.unfreeze()
    assert long < 1.05 * short
    assert wide > 2 * long


def test_nothing_is_run_before_it_is_asked_for():
    layer, calls = layers(np.random.default_rng(0))["rnn"], []

    def loss(output, steps):
        calls.append(steps)
        return output.sum()

    parts = truncated_bptt(layer, np.ones((T, B, I)), loss, window=4, stride=2)
    assert calls == []
    next(parts)
    assert calls == [slice(0, 2)]


# Refusals, at once


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"window": 0}, "the window is 0"),
        ({"window": 2.0}, "the window is 2.0"),
        ({"window": True}, "the window is True"),
        ({"window": 3, "stride": 0}, "the stride is 0"),
        ({"window": 3, "stride": 5}, "a window of 3 does not reach back over a stride of 5; truncated_bptt; give"),
    ],
)
def test_bad_lengths(options, says):
    with pytest.raises(RnnError, match=says):
        truncated_bptt(layers(np.random.default_rng(0))["rnn"], np.ones((T, B, I)), mse_loss, **options)


def test_bad_layers_and_inputs():
    backwards = RNN(I, H, bidirectional=True, dtype=np.float64)
    both = Bidirectional(GRU(I, H, dtype=np.float64), GRU(I, H, dtype=np.float64))
    for layer in (backwards, both, Stack([both])):
        with pytest.raises(RnnError, match="reads the future"):
            truncated_bptt(layer, np.ones((T, B, I)), mse_loss, window=3)
    layer = layers(np.random.default_rng(0))["lstm"]
    for x in (np.ones((T, B, I + 1)), np.ones((T, B, I), np.float32), np.ones((0, B, I)), np.full((T, B), I)):
        with pytest.raises(RnnError, match="truncated_bptt"):
            truncated_bptt(layer, x, mse_loss, window=3)
