"""The Elman layer: two implementations of one function, its forms of input, what it refuses.

That the function is the right one is seen in tests/golden/test_recurrent.py and below, by hand.
"""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from layer_cases import drawn, everything, pair

from minigrad import GradError, Tensor, grad, gradcheck, relative_error
from minigrad.ops import one_hot
from rnn import RNN, RnnError

BOUNDS = {np.float32: 1e-5, np.float64: 1e-12}
sizes = st.integers(1, 40)


# By hand


@pytest.mark.parametrize("implementation", ["fused", "stepwise"])
def test_two_steps_by_hand(implementation):
    """h₁ = tanh(2·0.5 − 0.3 + 0.3), h₂ = tanh(2·(−0.4) − h₁ + 0.3); dh₂/dW = (1−h₂²)(h₁ + W (1−h₁²) h₀)."""
    layer = RNN(1, 1, dtype=np.float64, implementation=implementation)
    layer.load_state_dict({"weight_ih_l0": [[2.0]], "weight_hh_l0": [[-1.0]], "bias_ih_l0": [0.1], "bias_hh_l0": [0.2]})
    output, state = layer(Tensor([[0.5], [-0.4]]), Tensor([[0.3]]))
    h1 = math.tanh(1 - 0.3 + 0.3)
    h2 = math.tanh(-0.8 - h1 + 0.3)
    np.testing.assert_allclose(output.data, [[h1], [h2]], rtol=1e-14)
    np.testing.assert_array_equal(state.data, output.data[-1:])
    d1, d2 = 1 - h1**2, 1 - h2**2
    got = [g.item() for g in grad(state.sum(), layer.parameters())]
    expected = [d2 * (-0.4 - d1 * 0.5), d2 * (h1 - d1 * 0.3), d2 * (1 - d1), d2 * (1 - d1)]
    np.testing.assert_allclose(got, expected, rtol=1e-13)


# Two implementations, one answer


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(sizes, sizes, sizes, sizes, st.sampled_from([np.float32, np.float64]), st.booleans(), st.integers(0, 999))
@example(1, 1, 1, 1, np.float64, True, 0)
@example(40, 40, 40, 40, np.float32, True, 1)
@example(40, 3, 2, 40, np.float64, True, 2)
@example(3, 2, 40, 8, np.float64, False, 3)
def test_fused_equals_stepwise(T, B, I, H, dtype, bias, seed):  # noqa: E741  # I is the input size everywhere
    """Weights are U(±1/√H), as initialised: contractive, so that rounding is not blown up."""
    fused, stepwise = pair(I, H, dtype=dtype, bias=bias, seed=seed)
    x, h0 = drawn(T, B, I, seed=seed, dtype=dtype), drawn(1, B, H, seed=seed + 1, dtype=dtype)
    for mine, theirs in zip(everything(fused, x, h0), everything(stepwise, x, h0), strict=True):
        assert mine.dtype == theirs.dtype == dtype
        assert relative_error(mine.data, theirs.data) <= BOUNDS[dtype]


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.integers(1, 12), st.integers(1, 6), sizes, sizes, st.integers(0, 999))
def test_integers_are_one_hot_vectors(T, B, I, H, seed):  # noqa: E741
    ids = np.random.default_rng(seed).integers(0, I, (T, B))
    for layer in pair(I, H, dtype=np.float64, seed=seed):
        dense = everything(layer, one_hot(ids, I, np.float64), None)
        for short in (everything(layer, ids, None), everything(layer, Tensor(ids), None)):
            assert all(relative_error(a.data, b.data) <= 1e-12 for a, b in zip(short, dense, strict=True))


def test_auto_takes_the_kernel():
    layer = RNN(2, 3, rng=np.random.default_rng(0))
    output, _ = layer(drawn(2, 1, 2, dtype=np.float32))
    assert output.node.op.name == "elman_layer"
    assert pair(2, 3)[1](drawn(2, 1, 2, dtype=np.float32))[0].node.op.name == "stack"


@pytest.mark.parametrize("integer", [False, True])
def test_second_order_through_the_kernel_equals_stepwise(integer):
    results = []
    for layer in pair(3, 4, dtype=np.float64):
        x = np.array([[0, 2], [1, 1], [2, 0]]) if integer else drawn(3, 2, 3)
        h0 = drawn(1, 2, 4, seed=5)
        leaves = [*layer.parameters(), h0] + ([] if integer else [x])
        output, state = layer(x, h0)
        first = grad((output**2).sum() + (state**3).sum(), leaves, create_graph=True)
        penalty = sum((g * g).sum() for g in first)
        results.append([*first, *grad(penalty, leaves)])
    for mine, theirs in zip(*results, strict=True):
        assert mine.data.any()
        assert relative_error(mine.data, theirs.data) < 1e-12


@pytest.mark.parametrize("implementation", ["fused", "stepwise"])
def test_derivatives_by_input_and_state_equal_differences_to_second_order(implementation):
    layer = RNN(2, 3, dtype=np.float64, rng=np.random.default_rng(0), implementation=implementation)
    x, h0 = drawn(3, 2, 2).data, drawn(1, 2, 3, seed=2).data
    gradcheck(lambda x, h0: layer(x, h0)[0], [x, h0], order=2)
    gradcheck(lambda x, h0: layer(x, h0)[1], [x, h0], order=2)


# Parameters


def test_parameters_are_torchs():
    layer = RNN(3, 5)
    assert {n: p.shape for n, p in layer.named_parameters()} == {
        "weight_ih_l0": (5, 3),
        "weight_hh_l0": (5, 5),
        "bias_ih_l0": (5,),
        "bias_hh_l0": (5,),
    }
    assert {p.dtype for p in layer.parameters()} == {np.dtype(np.float32)}
    assert [n for n, _ in RNN(3, 5, bias=False).named_parameters()] == ["weight_ih_l0", "weight_hh_l0"]


def test_initial_values_are_uniform_within_one_over_root_h_and_decided_by_the_generator():
    layer, again = (RNN(50, 25, rng=np.random.default_rng(9)) for _ in range(2))
    for p, q in zip(layer.parameters(), again.parameters(), strict=True):
        assert 0.15 < np.abs(p.data).max() <= 0.2
        np.testing.assert_array_equal(p.data, q.data)
    assert layer.weight_ih_l0.data.std() == pytest.approx(0.2 / math.sqrt(3), rel=0.05)
    assert (RNN(50, 25, rng=np.random.default_rng(8)).weight_ih_l0.data != layer.weight_ih_l0.data).any()


# What it refuses

ok = np.zeros((4, 2, 3), np.float32)
REFUSED = {
    "input_size is 0; RNN; give a whole number of at least 1": lambda: RNN(0, 4),
    "hidden_size is -1; RNN; give a whole number of at least 1": lambda: RNN(3, -1),
    "no implementation 'fast'; RNN; give 'auto', 'fused' or 'stepwise'": lambda: RNN(3, 4, implementation="fast"),
    "the input has shape (2, 4, 2, 3); RNN; give (T, B, I) or (T, I), or integers (T, B) or (T,)": lambda: RNN(3, 4)(
        ok[None][[0, 0]]
    ),
    "the input has shape (3,); RNN; give (T, B, I) or (T, I), or integers (T, B) or (T,)": lambda: RNN(3, 4)(ok[0, 0]),
    "the input has shape (); RNN; give (T, B, I) or (T, I), or integers (T, B) or (T,)": lambda: RNN(3, 4)(
        np.float32(1)
    ),
    "the input has shape (2, 2, 2); RNN; give (T, B, I) or (T, I), or integers (T, B) or (T,)": lambda: RNN(3, 4)(
        np.ones((2, 2, 2), int)
    ),
    "the input has shape (0, 2, 3); RNN; give at least one step and one sequence": lambda: RNN(3, 4)(ok[:0]),
    "the input has shape (4, 0, 3); RNN; give at least one step and one sequence": lambda: RNN(3, 4)(ok[:, :0]),
    "the input has shape (0,); RNN; give at least one step and one sequence": lambda: RNN(3, 4)(np.zeros(0, int)),
    "the input's last axis is 2; RNN; give 3, the input size": lambda: RNN(3, 4)(ok[..., :2]),
    "ids from 0 to 3; RNN; give ids from 0 to 2, the input size less 1": lambda: RNN(3, 4)(np.array([[0, 3]])),
    "ids from -1 to 2; RNN; give ids from 0 to 2, the input size less 1": lambda: RNN(3, 4)(np.array([-1, 2])),
    "the state has shape (2, 4); RNN; give one of shape (1, 2, 4)": lambda: RNN(3, 4)(ok, Tensor(np.zeros((2, 4)))),
    "the state has shape (1, 4, 4); RNN; give one of shape (1, 2, 4)": lambda: RNN(3, 4)(
        ok, Tensor(np.zeros((1, 4, 4)))
    ),
    "the state has shape (1, 1, 4); RNN; give one of shape (1, 4)": lambda: RNN(3, 4)(
        ok[:, 0], Tensor(np.zeros((1, 1, 4)))
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message):
    with pytest.raises(RnnError) as caught:
        REFUSED[message]()
    assert str(caught.value) == message
    assert (caught.value.what, caught.value.where, caught.value.remedy) == tuple(message.split("; "))
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("implementation", ["fused", "stepwise"])
def test_precisions_do_not_mix(implementation):
    low, high = (RNN(3, 4, dtype=d, implementation=implementation) for d in (np.float32, np.float64))
    for layer, other in ((low, np.float64), (high, np.float32)):
        with pytest.raises(RnnError, match=r"the input is float.*, the layer float.*; RNN; convert one of them"):
            layer(ok.astype(other))
        with pytest.raises(RnnError, match=r"the state is float.*convert"):
            layer(ok.astype(layer.weight_ih_l0.dtype), Tensor(np.zeros((1, 2, 4), other)))


def test_without_gradients_nothing_is_kept():
    layer = RNN(3, 4)
    for p in layer.parameters():
        p.requires_grad = False
    with pytest.raises(GradError, match="depends on nothing"):
        layer(ok)[0].sum().backward()
