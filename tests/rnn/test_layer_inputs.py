"""The Elman layer's forms of input, for both implementations."""

import numpy as np
import pytest
from layer_cases import drawn, everything, pair

from minigrad import Tensor, cross_entropy, grad
from rnn import RNN

# Forms of input


@pytest.fixture(params=["fused", "stepwise"])
def layer(request):
    return RNN(3, 4, dtype=np.float64, rng=np.random.default_rng(0), implementation=request.param)


def with_axes(layer, **options):
    """Another layer with the same parameters."""
    other = RNN(3, 4, dtype=np.float64, implementation=layer.implementation, **options)
    other.load_state_dict(layer.state_dict())
    return other


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)


def test_batch_first_exchanges_the_axes_of_input_and_output_only(layer):
    x, h0 = drawn(5, 2, 3), drawn(1, 2, 4)
    turned = Tensor(x.data.transpose(1, 0, 2), requires_grad=True)
    output, state = layer(x, h0)
    swapped, last = with_axes(layer, batch_first=True)(turned, h0)
    assert_same([swapped.data, last.data], [output.data.transpose(1, 0, 2), state.data])
    weights = np.random.default_rng(3).standard_normal(output.shape)
    gx = grad((output * weights).sum(), x)
    gt = grad((swapped * weights.transpose(1, 0, 2)).sum(), turned)
    assert_same([gt.data], [gx.data.transpose(1, 0, 2)])


def test_batch_first_with_integers(layer):
    ids = np.array([[0, 1, 2, 2, 1], [2, 2, 0, 1, 0]])
    assert_same([with_axes(layer, batch_first=True)(ids)[0].data], [layer(ids.T)[0].data.transpose(1, 0, 2)])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("integer", [False, True])
def test_one_sequence_without_a_batch_axis(layer, batch_first, integer):
    x = np.array([2, 0, 1, 1, 2]) if integer else drawn(5, 3).data
    h0 = drawn(1, 4)
    output, state = with_axes(layer, batch_first=batch_first)(x, h0)
    batched, last = layer(x[:, None], h0.reshape(1, 1, 4))
    assert (output.shape, state.shape) == ((5, 4), (1, 4))
    assert_same([output.data, state.data], [batched.data[:, 0], last.data[:, 0]])


def test_batches_do_not_touch_each_other(layer):
    x, h0 = drawn(4, 3, 3).data, drawn(1, 3, 4).data
    output, state = layer(Tensor(x), Tensor(h0))
    for b in range(3):
        alone, last = layer(Tensor(x[:, b]), Tensor(h0[:, b]))
        assert_same([alone.data, last.data], [output.data[:, b], state.data[:, b]])


def test_a_sequence_may_be_cut_and_carried_on(layer):
    x = drawn(6, 2, 3)
    whole, end = layer(x)
    first, state = layer(x[:2])
    second, last = layer(x[2:], state)
    assert_same([np.concatenate([first.data, second.data]), last.data], [whole.data, end.data])
    assert_same([grad(last.sum(), x).data], [grad(end.sum(), x).data])  # and the gradient goes through the cut


def test_no_state_is_a_state_of_zeros(layer):
    x = drawn(4, 2, 3)
    assert_same([t.data for t in layer(x)], [t.data for t in layer(x, Tensor(np.zeros((1, 2, 4))))])


def test_only_later_outputs_feel_an_input(layer):
    x = drawn(5, 1, 3)
    output, _ = layer(x)
    for t in range(5):
        felt = np.abs(grad(output[t].sum(), x, retain_graph=True).data).sum((1, 2)) > 0
        assert felt.tolist() == [s <= t for s in range(5)]


def test_non_contiguous_inputs(layer):
    big, wide = drawn(8, 6, 2, seed=1).data, drawn(4, 2, 1, seed=2).data
    x, h0 = big[::2, ::2].transpose(0, 2, 1), wide.T
    assert not x.flags.c_contiguous
    tight = [t.data for t in layer(Tensor(x.copy(order="C")), Tensor(h0.copy(order="C")))]
    assert_same([t.data for t in layer(x, Tensor(h0))], tight)
    source = Tensor(np.ascontiguousarray(x.T), requires_grad=True)  # a view made by an op
    output, _ = layer(source.T, Tensor(h0))
    assert_same([output.data], tight[:1])
    plain = Tensor(x, requires_grad=True)
    weights = np.random.default_rng(0).standard_normal(output.shape).transpose(2, 1, 0).copy().T
    assert_same(
        [grad((output * weights).sum(), source).data.T],
        [grad((layer(plain, Tensor(h0))[0] * weights).sum(), plain).data],
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_goes_through_as_nan_and_stays_in_its_sequence(dtype):
    for layer in pair(3, 4, dtype=dtype):
        x = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(dtype)
        x[1, 0, 2] = np.nan
        given = Tensor(x, requires_grad=True)
        output, state = layer(given)
        assert np.isnan(output.data[:, 0]).all(axis=1).tolist() == [False, True, True, True]
        assert np.isfinite(output.data[:, 1]).all()
        assert np.isnan(state.data[0, 0]).all()
        g = grad(output[3].sum(), given).data
        assert np.isnan(g[:, 0]).any()
        assert np.isfinite(g[:, 1]).all()


def test_saturated_units_are_finite_and_feel_nothing():
    for layer in pair(2, 3, dtype=np.float32):
        x = Tensor(np.full((3, 1, 2), 1e6), requires_grad=True, dtype=np.float32)
        output, _ = layer(x)
        assert (np.abs(output.data) == 1).all()
        assert not grad(output.sum(), x).data.any()


def test_inputs_and_parameters_are_left_as_they_were(layer):
    x, h0 = drawn(4, 2, 3), drawn(1, 2, 4)
    before = [t.data.copy() for t in (x, h0, *layer.parameters())]
    everything(layer, x, h0)
    assert all(np.array_equal(b, t.data) for b, t in zip(before, (x, h0, *layer.parameters()), strict=True))


def test_training_lowers_the_loss(layer):
    """The last id of the sequence is named by its final state."""
    ids = np.random.default_rng(0).integers(0, 3, (3, 20))
    losses = []
    for _ in range(60):
        loss = cross_entropy(layer(ids)[1][0], ids[-1])
        for p, g in zip(layer.parameters(), grad(loss, layer.parameters()), strict=True):
            p.assign(p.data - 0.5 * g.data)
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]
