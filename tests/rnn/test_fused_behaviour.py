"""What fused layers do besides computing the right numbers: NaN, padding, second order, who has no kernel."""

import numpy as np
import pytest
from fused_cases import FUSED_LAYERS, fused
from layer_cases import LAYERS, drawn, everything, first_state, like, parts

from minigrad import GradError, Tensor, grad, gradcheck, relative_error
from rnn import RnnError

every_family = pytest.mark.parametrize("name", FUSED_LAYERS)
every_precision = pytest.mark.parametrize("dtype", ["float32", "float64"])


# Numbers that are none


@every_precision
@every_family
def test_nan_goes_through_and_stays_in_its_row(name, dtype):
    """Forwards as stepwise, entry by entry; backwards it reaches every parameter."""
    x = np.random.default_rng(0).standard_normal((5, 3, 2)).astype(dtype)
    x[2, 1, 0] = np.nan
    outputs = []
    for implementation in ("fused", "stepwise"):
        layer = fused(name, 2, 9, dtype=dtype, implementation=implementation, bidirectional=True)
        output, last = layer(Tensor(x))
        if name != "relu":
            weights = grad(output.sum() + sum(p.sum() for p in parts(last)), layer.parameters())
            assert all(np.isnan(g.data).any() for g in weights)
        outputs.append([output, *parts(last)])
    for mine, theirs in zip(*outputs, strict=True):
        np.testing.assert_array_equal(np.isnan(mine.data), np.isnan(theirs.data))
        assert not np.isnan(mine.data[:, [0, 2]]).any()
    assert np.isnan(outputs[0][0].data[2:, 1, :9]).all()
    assert np.isnan(outputs[0][0].data[:3, 1, 9:]).all()
    assert not np.isnan(outputs[0][0].data[:2, 1, :9]).any()


@every_precision
@every_family
def test_infinity_is_what_it_is_stepwise(name, dtype):
    x = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(dtype)
    x[1, 0, 0], x[2, 1, 1] = -np.inf, 1e30
    results = []
    with np.errstate(all="ignore"):
        for implementation in ("fused", "stepwise"):
            layer = fused(name, 3, 4, dtype=dtype, implementation=implementation)
            results.append(layer(Tensor(x))[0].data)
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


@every_family
@pytest.mark.parametrize("ids", [False, True])
def test_padding_is_never_read(name, ids):
    """NaN there, or ids that there are not, instead of numbers: the same bits, and gradients of zero."""
    lengths = [4, 1, 3]
    padding = np.arange(4)[:, None] >= np.array(lengths)
    rng = np.random.default_rng(0)
    clean = rng.integers(0, 3, (4, 3)) if ids else rng.standard_normal((4, 3, 3))
    wild = clean.copy()
    wild[padding] = -(10**15) if ids else np.nan
    layer = fused(name, 3, 9, 2, bidirectional=True)
    results = []
    for x in (clean, wild):
        given = x if ids else Tensor(x, requires_grad=True)
        state = first_state(layer, 3)
        results.append([r.data for r in everything(layer, given, state, lengths)])
        assert not results[-1][0][padding].any()
        assert results[-1][0][~padding].all() or name == "relu"
    for mine, theirs in zip(*results, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    if not ids:
        gradient = results[1][-1 - len(parts(state))]
        assert gradient.shape == wild.shape
        assert not gradient[padding].any()
        assert gradient[~padding].all()


# In the engine


@every_family
@pytest.mark.parametrize("way", ["plain", "ids", "uneven both ways"])
def test_second_order_goes_through_the_definition(name, way):
    """Gradients of gradients against differences, along two random directions of everything at once."""
    both, ids = way == "uneven both ways", way == "ids"
    layer, rng = fused(name, 2, 3, bidirectional=both, seed=3), np.random.default_rng(4)
    names = [n for n, _ in layer.named_parameters()]
    x = np.array([[0, 1], [1, 1], [0, 0]])
    given = [*(p.data for p in layer.parameters()), *(part.data for part in parts(first_state(layer, 2)))]
    given += [] if ids else [drawn(3, 2, 2).data]
    given = [np.abs(a) + 0.1 for a in given] if name == "relu" else given  # away from its corner
    ways = [[rng.standard_normal(a.shape) for a in given] for _ in range(2)]

    def along(s):
        moved = [a + s[0] * v + s[1] * w for a, v, w in zip(given, *ways, strict=True)]
        again = fused(name, 2, 3, bidirectional=both)
        vars(again).update(zip(names, moved, strict=False))
        states = moved[len(names) :] if ids else moved[len(names) : -1]
        start = states[0] if len(states) == 1 else again.cell.State(*states)
        output, last = again(x if ids else moved[-1], start, [3, 1] if both else None)
        return (output * output).sum() + sum((part * part * part).sum() for part in parts(last))

    gradcheck(along, [np.array([0.01, -0.02])], order=2)


@every_family
def test_create_graph_gives_the_kernels_gradients(name):
    layer, x = fused(name, 3, 9, bidirectional=True), drawn(5, 3, 3)
    output, last = layer(x, first_state(layer, 3), [5, 2, 3])
    assert output.node.op.name.endswith("_layer")
    loss = (output * output).sum() + sum(part.sum() for part in parts(last))
    leaves = [x, *layer.parameters()]
    plain = grad(loss, leaves, retain_graph=True)
    for mine, theirs in zip(grad(loss, leaves, create_graph=True), plain, strict=True):
        assert mine.requires_grad
        assert relative_error(mine.data, theirs.data) < 1e-12


@every_family
def test_a_retained_graph_can_be_walked_again(name):
    layer, x = fused(name, 3, 9), drawn(5, 3, 3)
    loss = (layer(x)[0] ** 2).sum()
    once = grad(loss, [x, *layer.parameters()], retain_graph=True)
    fused(name, 3, 9, seed=8)(drawn(5, 3, 3, seed=8))[0].sum().backward()  # another layer between
    twice = grad(loss, [x, *layer.parameters()])
    for mine, theirs in zip(twice, once, strict=True):
        assert mine.data.tobytes() == theirs.data.tobytes()
    with pytest.raises(GradError, match="freed"):
        grad(loss, x)


@every_family
@pytest.mark.parametrize("wanted", ["x", "state", "weight_ih_l0", "weight_hh_l0", "bias_hh_l0"])
def test_any_one_input_may_want_its_gradient_alone(name, wanted):
    results = []
    for alone in (True, False):
        layer, x = fused(name, 3, 5), drawn(4, 2, 3)
        state = first_state(layer, 2)
        leaves = {"x": x, "state": parts(state)[0], **dict(layer.named_parameters())}
        for leaf in {*leaves.values(), *parts(state)}:
            leaf.requires_grad = not alone
        leaves[wanted].requires_grad = True
        output, last = layer(x, state)
        loss = (output * output).sum() + sum((part * part).sum() for part in parts(last))
        results.append(grad(loss, leaves[wanted]).data)
    assert results[0].any()
    assert results[0].tobytes() == results[1].tobytes()


# Who asks for what there is not


@pytest.mark.parametrize(("cell", "family"), [("jordan", "jordan"), ("scores", "output-recurrence")])
def test_a_family_without_kernel_is_refused_or_runs_stepwise(cell, family):
    with pytest.raises(RnnError) as caught:
        LAYERS[cell](3, 4, implementation="fused")
    where = type(LAYERS[cell](3, 4)).__name__
    assert str(caught.value) == f"{family} has no fused kernel; {where}; give 'auto' or 'stepwise'"
    auto = LAYERS[cell](3, 4, dtype=np.float64, rng=np.random.default_rng(0))
    plain = like(auto, LAYERS[cell], 3, 4, implementation="stepwise")
    assert not auto.fused
    x = drawn(4, 2, 3)
    np.testing.assert_array_equal(auto(x)[0].data, plain(x)[0].data)


@every_family
def test_auto_takes_the_kernel_and_stepwise_does_not(name):
    for implementation, op in (("auto", True), ("fused", True), ("stepwise", False)):
        layer = fused(name, 2, 3, implementation=implementation)
        assert layer.fused == op
        assert layer(drawn(2, 1, 2))[0].node.op.name.endswith("_layer") == op
