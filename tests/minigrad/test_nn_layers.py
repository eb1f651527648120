"""Convolution, dropout, layer norm and the perceptron: torch's numbers, definitions, statistics."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import DtypeError, MinigradError, ShapeError, Tensor, gradcheck, nn, ops, relative_error
from minigrad.init import xavier_uniform
from minigrad.nn import MLP, Conv1d, Dropout, LayerNorm
from minigrad.optim import Adam

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "modules.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("name", GOLDEN)
def test_layers_are_torchs(name):
    case = GOLDEN[name]
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in case["arguments"].items()}
    layer = getattr(nn, case["layer"])(**arguments, dtype=np.float64)
    inputs = dict(case["inputs"])
    x = Tensor(inputs.pop("x"), requires_grad=True)
    layer.load_state_dict(inputs)
    y = layer(x)
    assert relative_error(y.data, case["output"]) < 1e-12
    y.backward(np.array(case["cotangent"]))
    leaves = {**dict(layer.named_parameters()), "x": x}
    assert leaves.keys() == case["gradients"].keys()
    for leaf, tensor in leaves.items():
        assert relative_error(tensor.grad.data, case["gradients"][leaf]) < 1e-12, leaf


def test_convolution_by_its_sum():
    """Every output as the docstring prints it, term by term, and no x beyond the ends."""
    rng = np.random.default_rng(0)
    layer = Conv1d(2, 3, 2, stride=2, padding=(3, 1), dilation=2, dtype=np.float64, rng=rng)
    x = rng.standard_normal((2, 2, 6))
    y = layer(Tensor(x)).data
    assert y.shape == (2, 3, (6 + 4 - 2 - 1) // 2 + 1)
    for b, o, t in np.ndindex(y.shape):
        terms = (
            layer.weight.data[o, c, k] * x[b, c, 2 * t + 2 * k - 3]
            for c in range(2)
            for k in range(2)
            if 0 <= 2 * t + 2 * k - 3 < 6
        )
        assert y[b, o, t] == pytest.approx(layer.bias.data[o] + sum(terms), rel=1e-12)


def test_a_causal_convolution_feels_nothing_later():
    layer = Conv1d(1, 2, 3, dilation=2, padding=(4, 0), rng=np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((1, 1, 9)).astype(np.float32)
    moved = x.copy()
    moved[..., 5:] += 1
    before, after = layer(Tensor(x)).data, layer(Tensor(moved)).data
    np.testing.assert_array_equal(before[..., :5], after[..., :5])
    assert (before[..., 5:] != after[..., 5:]).all()
    assert before.dtype == np.float32


def test_convolutions_first_values_and_axes():
    """U(±1/√(C K)) as torch; any axes before the last two; the same number for both sides is torch's padding."""
    layer = Conv1d(10, 300, 10, padding=2, rng=np.random.default_rng(2))
    assert layer.padding == (2, 2)
    for p in (layer.weight, layer.bias):
        assert 0.098 < np.abs(p.data).max() <= 0.1
        assert p.data.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.1)
    x = np.random.default_rng(3).standard_normal((2, 3, 10, 12)).astype(np.float32)
    y = layer(Tensor(x))
    assert y.shape == (2, 3, 300, 7)
    np.testing.assert_allclose(y.data[1, 2], layer(Tensor(x[1, 2])).data, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.75])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_drops_and_scales(p, dtype):
    """Zero with probability p, else exactly x/(1 − p); the gradient passes by the same mask."""
    layer = Dropout(p, rng=np.random.default_rng(4))
    data = np.random.default_rng(5).uniform(1, 2, (100, 100)).astype(dtype)
    x = Tensor(data, requires_grad=True)
    y = layer(x)
    dropped = y.data == 0
    assert y.dtype == dtype
    assert dropped.mean() == pytest.approx(p, abs=0.02)
    np.testing.assert_allclose(y.data[~dropped], data[~dropped] / (1 - p), rtol=1e-6)
    assert y.data.mean() == pytest.approx(data.mean(), rel=0.05)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data, np.where(dropped, 0, 1 / (1 - p)), rtol=1e-6)


def test_dropout_draws_anew_each_time_and_nothing_in_use():
    layer, x = Dropout(rng=np.random.default_rng(6)), Tensor(np.ones(200))
    assert layer.p == 0.5
    assert (layer(x).data != layer(x).data).any()
    before = layer.eval().rng_state()
    assert layer(x) is x
    assert layer.rng_state() == before
    assert (Dropout(rng=np.random.default_rng(6))(x).data == Dropout(rng=np.random.default_rng(6))(x).data).all()


@pytest.mark.parametrize("p", [-0.1, 1.0, 2, np.nan])
def test_a_probability_that_is_none_is_refused(p):
    for make in (lambda: Dropout(p), lambda: MLP([2, 3, 1], dropout=p)):
        with pytest.raises(MinigradError, match=f"Dropout: p is {p}; give a probability from 0 to below 1"):
            make()


def test_layer_norm_by_its_definition():
    """Mean 0 and variance σ²/(σ² + ε) along the last axis, whatever scale and place the rows had."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((3, 2, 50)) * rng.uniform(0.01, 100, (3, 2, 1)) + rng.uniform(-50, 50, (3, 2, 1))
    y = LayerNorm(50, dtype=np.float64)(Tensor(x)).data
    variance = x.var(axis=-1)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-10)
    np.testing.assert_allclose(y.var(axis=-1), variance / (variance + 1e-5), rtol=1e-9)


def test_layer_norm_keeps_float32_and_differentiates_twice():
    layer = LayerNorm((2, 3), dtype=np.float64)
    rng = np.random.default_rng(8)
    layer.weight.assign(rng.standard_normal((2, 3)))
    gradcheck(lambda x: layer(x).tanh(), [rng.standard_normal((2, 2, 3))], order=2)
    y = LayerNorm(4)(Tensor(np.arange(8.0).reshape(2, 4), dtype=np.float32))
    assert y.dtype == np.float32
    with pytest.raises(DtypeError):
        LayerNorm(4)(Tensor(np.ones((2, 4))))


def test_layer_norms_parameters():
    assert [n for n, _ in LayerNorm(3).named_parameters()] == ["weight", "bias"]
    assert [n for n, _ in LayerNorm(3, bias=False).named_parameters()] == ["weight"]
    assert LayerNorm(3, elementwise_affine=False).parameters() == []
    assert LayerNorm((2, 3)).weight.data.tolist() == [[1] * 3] * 2


def test_perceptron_is_its_layers():
    """Activation after each layer but the last, by NumPy; names as the walk gives them."""
    model = MLP([4, 10, 7, 2], dtype=np.float64, rng=np.random.default_rng(9))
    x = np.random.default_rng(10).standard_normal((3, 5, 4))
    h = x
    for k, layer in enumerate(model.layers):
        h = h @ layer.weight.data.T + layer.bias.data
        h = np.maximum(h, 0) if k < 2 else h
    np.testing.assert_allclose(model(Tensor(x)).data, h, rtol=1e-12)
    assert (h < 0).any()
    assert [n for n, _ in model.named_parameters()] == [f"layers.{k}.{p}" for k in range(3) for p in ("weight", "bias")]
    assert [p.shape for p in MLP([2, 3, 1], bias=False).parameters()] == [(3, 2), (1, 3)]
    one = MLP([4, 3], activation=ops.tanh, dtype=np.float64, rng=np.random.default_rng(9))
    np.testing.assert_array_equal(one(Tensor(x)).data, one.layers[0](Tensor(x)).data)


def test_perceptrons_activation_and_dropout():
    model = MLP([2, 400, 400, 1], ops.tanh, dropout=0.5, dtype=np.float64, rng=np.random.default_rng(11))
    x = Tensor(np.random.default_rng(12).standard_normal((2, 2)))
    assert (model(x).data != model(x).data).all()
    used = model.eval()(x).data
    h = np.tanh(x.data @ model.layers[0].weight.data.T + model.layers[0].bias.data)
    h = np.tanh(h @ model.layers[1].weight.data.T + model.layers[1].bias.data)
    np.testing.assert_allclose(used, h @ model.layers[2].weight.data.T + model.layers[2].bias.data, rtol=1e-12)


def test_a_perceptron_of_seed_004_learns_a_noisy_sine():
    """4–10–1, ReLU, Xavier, Adam 0.01, minibatches of 16: in 5 passes the loss nears the noise, 0.04. [D2L 8.1]"""
    rng = np.random.default_rng(13)
    series = np.sin(0.01 * np.arange(1, 1001)) + rng.normal(0, 0.2, 1000)
    windows, targets = np.lib.stride_tricks.sliding_window_view(series, 4)[:600], series[4:604, None]
    model = MLP([4, 10, 1], init=xavier_uniform(), dtype=np.float64, rng=rng)
    optimizer = Adam(model.parameters(), 0.01)
    for _ in range(5):
        for rows in np.array_split(rng.permutation(600), 38):
            optimizer.zero_grad()
            ((model(Tensor(windows[rows])) - targets[rows]) ** 2).mean().backward()
            optimizer.step()
    loss = float(((model(Tensor(windows)).data - targets) ** 2).mean())
    assert 0.04 < loss < 0.075


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Linear(0, 2), "Linear: in_features is 0; give a whole number of at least 1"),
        (lambda: nn.Linear(2, -1), "Linear: out_features is -1"),
        (lambda: nn.Embedding(0, 2), "Embedding: n is 0"),
        (lambda: Conv1d(1, 1, 0), "Conv1d: kernel_size is 0"),
        (lambda: Conv1d(1, 1, 1, stride=0), "Conv1d: stride is 0"),
        (lambda: Conv1d(1, 1, 1, dilation=0), "Conv1d: dilation is 0"),
        (lambda: Conv1d(1, 1, 1, padding=(-1, 0)), "Conv1d: padding is"),
        (lambda: LayerNorm(()), "LayerNorm: normalized_shape is"),
        (lambda: LayerNorm((3, 0)), "LayerNorm: normalized_shape is"),
        (lambda: LayerNorm(3, eps=-1.0), "eps -1.0"),
        (lambda: LayerNorm(3)(Tensor(np.ones((3, 2)))), r"input has shape \(3, 2\); its last axes must be \(3,\)"),
        (lambda: Conv1d(2, 1, 1)(Tensor(np.ones((1, 3, 4)), dtype=np.float32)), "conv1d"),
        (lambda: MLP([3]), r"MLP: sizes are \(3,\); give at least two"),
    ],
)
def test_sizes_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ShapeError, match=message):
        make()
