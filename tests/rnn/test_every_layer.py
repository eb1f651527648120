"""What holds for the layers of every cell: layers, directions, lengths, forms of input, kept memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import LAYERS, drawn, everything, first_state, like, parts, rows_of

from minigrad import Tensor, concat, grad, gradcheck, relative_error
from minigrad.kernels import workspace
from minigrad.ops import one_hot
from rnn import GRU, LSTM, RNN, LSTMState

every_cell = pytest.mark.parametrize("cell", LAYERS)
stepwise_twice = pytest.mark.parametrize("gradient_checkpointing", [False, True])
quick = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def layer_of(cell, *sizes, seed=0, **options):
    return LAYERS[cell](*sizes, dtype=np.float64, rng=np.random.default_rng(seed), **options)


def same(mine, theirs, bound=1e-12):
    for a, b in zip(mine, theirs, strict=True):
        assert a.shape == b.shape
        assert relative_error(a.data, b.data) <= bound


# Layers and directions are what they are made of


@every_cell
def test_the_second_layer_reads_the_first(cell):
    both = layer_of(cell, 2, 4, 2)
    below, above = LAYERS[cell](2, 4, dtype=np.float64), LAYERS[cell](both.output_size, 4, dtype=np.float64)
    state = first_state(both, 3)
    weights = both.state_dict()
    below.load_state_dict({k: v for k, v in weights.items() if k.endswith("_l0")})
    above.load_state_dict({k.replace("_l1", "_l0"): v for k, v in weights.items() if k.endswith("_l1")})
    x = drawn(5, 3, 2)
    output, last = both(x, state)
    first, second = ([part[k : k + 1] for part in parts(state)] for k in (0, 1))
    middle, end = below(x, first[0] if len(first) == 1 else LSTMState(*first))
    top, top_end = above(middle, second[0] if len(second) == 1 else LSTMState(*second))
    same([output], [top])
    same(parts(last), [concat(pair) for pair in zip(parts(end), parts(top_end), strict=True)])


@every_cell
def test_the_second_direction_reads_backwards(cell):
    both = layer_of(cell, 2, 4, bidirectional=True)
    weights = both.state_dict()
    there, back = (LAYERS[cell](2, 4, dtype=np.float64) for _ in range(2))
    there.load_state_dict({k: v for k, v in weights.items() if not k.endswith("_reverse")})
    back.load_state_dict({k.removesuffix("_reverse"): v for k, v in weights.items() if k.endswith("_reverse")})
    x = drawn(5, 3, 2)
    output, last = both(x)
    (forward, end), (backward, start) = there(x), back(Tensor(x.data[::-1]))
    width = forward.shape[-1]
    np.testing.assert_array_equal(output.data[..., :width], forward.data)
    np.testing.assert_array_equal(output.data[..., width:], backward.data[::-1])
    for part, a, b in zip(parts(last), parts(end), parts(start), strict=True):
        np.testing.assert_array_equal(part.data, np.concatenate([a.data, b.data]))


# Lengths


@quick
@given(
    st.sampled_from(list(LAYERS)), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.booleans(),
    st.booleans(), st.integers(0, 999), st.data(),
)  # fmt: skip
def test_rows_of_uneven_lengths_are_as_if_alone(cell, T, B, L, both, kept, seed, data):
    """Outputs, last states, and every gradient: the sum over the rows, each run by itself without padding."""
    lengths = data.draw(st.lists(st.integers(1, T), min_size=B, max_size=B))
    layer = layer_of(cell, 2, 4, L, bidirectional=both, gradient_checkpointing=kept, seed=seed)
    x, state = drawn(T, B, 2, seed=seed), first_state(layer, B)
    output, last = layer(x, state, lengths)
    rng = np.random.default_rng(seed)
    r, s = rng.standard_normal(output.shape), [rng.standard_normal(part.shape) for part in parts(last)]
    loss = (output * r).sum() + sum((part * c).sum() for part, c in zip(parts(last), s, strict=True))
    leaves = layer.parameters()
    *together, by_x = grad(loss, [*leaves, x])
    alone = [np.zeros(p.shape) for p in leaves]
    for b, n in enumerate(lengths):
        row = Tensor(x.data[:n, b : b + 1], requires_grad=True)
        y, end = layer(row, rows_of(state, b))
        assert not output.data[n:, b].any()
        assert relative_error(output.data[:n, b], y.data[:, 0]) <= 1e-12
        one = (y * r[:n, b : b + 1]).sum()
        for part, whole, c in zip(parts(end), parts(last), s, strict=True):
            assert relative_error(whole.data[:, b], part.data[:, 0]) <= 1e-12
            one = one + (part * c[:, b : b + 1]).sum()
        *found, by_row = grad(one, [*leaves, row])
        alone = [a + g.data for a, g in zip(alone, found, strict=True)]
        assert relative_error(by_x.data[:n, b], by_row.data[:, 0]) <= 1e-10
        assert not by_x.data[n:, b].any()
    for a, g in zip(alone, together, strict=True):
        assert relative_error(g.data, a) <= 1e-10


@every_cell
@stepwise_twice
@pytest.mark.parametrize("padding", [np.nan, np.inf, 1e300])
def test_padding_is_never_read(cell, gradient_checkpointing, padding):
    layer = layer_of(cell, 2, 3, 2, bidirectional=True, gradient_checkpointing=gradient_checkpointing)
    x, lengths = drawn(6, 3, 2), [2, 6, 4]
    dirty = x.data.copy()
    for b, n in enumerate(lengths):
        dirty[n:, b] = padding
    given = [everything(layer, Tensor(a, requires_grad=True), lengths=lengths) for a in (x.data, dirty)]
    for mine, theirs in zip(*given, strict=True):
        np.testing.assert_array_equal(mine.data, theirs.data)


@every_cell
def test_ids_of_padding_may_be_anything(cell):
    layer = layer_of(cell, 4, 3)
    ids = np.array([[0, 3], [2, 1], [1, -1], [3, 99]])
    clean = np.where(ids == 99, 0, np.abs(ids))
    for mine, theirs in zip(
        everything(layer, ids, lengths=[4, 2]), everything(layer, clean, lengths=[4, 2]), strict=True
    ):
        np.testing.assert_array_equal(mine.data, theirs.data)


@every_cell
def test_lengths_of_the_whole_change_nothing(cell):
    layer = layer_of(cell, 2, 3, 2, bidirectional=True)
    x, state = drawn(4, 3, 2), first_state(layer, 3)
    same(everything(layer, x, state, [4, 4, 4]), everything(layer, x, state))


# Forms of input


@every_cell
@pytest.mark.parametrize("both", [False, True])
def test_batch_first_and_one_sequence(cell, both):
    layer = layer_of(cell, 2, 3, 2, bidirectional=both)
    turned = like(layer, LAYERS[cell], 2, 3, 2, bidirectional=both, batch_first=True)
    x, state = drawn(5, 3, 2), first_state(layer, 3)
    output, last = layer(x, state, [5, 2, 4])
    swapped, again = turned(x.transpose((1, 0, 2)), state, [5, 2, 4])
    same([swapped, *parts(again)], [output.transpose((1, 0, 2)), *parts(last)], 0)
    single = [Tensor(part.data[:, 1]) for part in parts(state)]
    y, end = turned(x[:, 1], single[0] if len(single) == 1 else LSTMState(*single))
    whole, ends = layer(x, state)
    same([y, *parts(end)], [whole[:, 1], *(part[:, 1] for part in parts(ends))])


@every_cell
def test_integers_are_one_hot_vectors(cell):
    layer = layer_of(cell, 5, 3, 2, bidirectional=True)
    ids = np.random.default_rng(0).integers(0, 5, (4, 3))
    same(everything(layer, ids), everything(layer, one_hot(ids, 5, np.float64)))
    alone = everything(layer, ids[:, 0])
    same(alone, everything(layer, one_hot(ids[:, 0], 5, np.float64)))


@every_cell
def test_a_sequence_may_be_cut_and_carried_on(cell):
    layer = layer_of(cell, 2, 3, 2)
    x = drawn(6, 2, 2)
    whole, end = layer(x)
    first, state = layer(x[:2])
    second, last = layer(x[2:], state)
    same([concat([first, second]), *parts(last)], [whole, *parts(end)])
    same([grad(parts(last)[-1].sum(), x)], [grad(parts(end)[-1].sum(), x)])  # the gradient goes through the cut


@every_cell
def test_derivatives_equal_differences_to_second_order(cell):
    layer = layer_of(cell, 2, 2, bidirectional=True)
    state = [part.data for part in parts(first_state(layer, 2))]
    wrap = (lambda ts: ts[0]) if len(state) == 1 else (lambda ts: LSTMState(*ts))
    x = np.random.default_rng(0).standard_normal((3, 2, 2))
    gradcheck(lambda x, *ts: layer(x, wrap(ts), [3, 2])[0], [x, *state], order=2)
    gradcheck(lambda x, *ts: parts(layer(x, wrap(ts), [3, 2])[1])[-1], [x, *state], order=2)


# Gradient checkpointing


@quick
@given(st.sampled_from(list(LAYERS)), st.integers(1, 18), st.integers(1, 2), st.booleans(), st.integers(0, 999))
def test_checkpointed_gradients_are_the_same(cell, T, L, both, seed):
    layer = layer_of(cell, 2, 3, L, bidirectional=both, seed=seed)
    kept = like(layer, LAYERS[cell], 2, 3, L, bidirectional=both, gradient_checkpointing=True)
    x, state = drawn(T, 2, 2, seed=seed), first_state(layer, 2)
    same(everything(kept, x, state), everything(layer, x, state))


def test_checkpointing_differentiates_twice():
    results = []
    for checkpointed in (False, True):
        layer = layer_of("lstm", 2, 3, gradient_checkpointing=checkpointed)
        x = drawn(7, 2, 2)
        first = grad((layer(x)[0] ** 2).sum(), [x, *layer.parameters()], create_graph=True)
        results.append([*first, *grad(sum((g * g).sum() for g in first), [x, *layer.parameters()])])
    same(*results)


def kept_bytes(layer, ids):
    """The most memory in use between the call and the end of backward, beyond the outputs."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    output, last = layer(ids)
    loss = parts(last)[0].sum()
    del output
    loss.backward()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    ("implementation", "part"), [pytest.param("stepwise", 0.1, marks=pytest.mark.slow), ("fused", 0.5)]
)
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_checkpointing_keeps_a_part(cell, implementation, part, monkeypatch):
    """Of the twenty arrays of a step a tenth. Of the five that a kernel keeps the output alone is a fifth."""
    monkeypatch.setattr(workspace, "SPARE", 0)  # memory that is used again would not be counted
    ids = np.random.default_rng(0).integers(0, 3, (1024, 4))
    plain = layer_of(cell, 3, 16, implementation=implementation)
    kept = like(plain, LAYERS[cell], 3, 16, gradient_checkpointing=True, implementation=implementation)
    for layer in (kept, plain):
        kept_bytes(layer, ids)  # what is made once: machine code, and memory that kernels keep
    assert kept_bytes(kept, ids) <= part * kept_bytes(plain, ids)
    same([p.grad for p in kept.parameters()], [p.grad for p in plain.parameters()])


# Parameters


def test_names_and_shapes_are_torchs():
    layer = LSTM(3, 5, 2, bidirectional=True, peepholes=True)
    assert {name: p.shape for name, p in layer.named_parameters() if name.endswith(("_l0", "_l1_reverse"))} == {
        "weight_ih_l0": (20, 3), "weight_hh_l0": (20, 5), "bias_ih_l0": (20,), "bias_hh_l0": (20,),
        "weight_peephole_l0": (15,), "weight_ih_l1_reverse": (20, 10), "weight_hh_l1_reverse": (20, 5),
        "bias_ih_l1_reverse": (20,), "bias_hh_l1_reverse": (20,), "weight_peephole_l1_reverse": (15,),
    }  # fmt: skip
    assert len(layer.parameters()) == 20
    assert [n for n, _ in GRU(3, 5, 2, bias=False).named_parameters()] == [
        "weight_ih_l0", "weight_hh_l0", "weight_ih_l1", "weight_hh_l1",
    ]  # fmt: skip


@every_cell
def test_without_bias_is_with_biases_of_zero(cell):
    bare = layer_of(cell, 2, 3, 2, bidirectional=True, bias=False)
    full = layer_of(cell, 2, 3, 2, bidirectional=True)
    zeros = {n: np.zeros(p.shape) for n, p in full.named_parameters() if n.startswith("bias")}
    full.load_state_dict({**bare.state_dict(), **zeros})
    x = drawn(4, 2, 2)
    same([bare(x)[0]], [full(x)[0]])


def test_an_init_draws_the_weights_and_leaves_biases_at_zero():
    layer = LSTM(3, 4, 2, init=lambda rng, shape: rng.normal(0, 0.01, shape), rng=np.random.default_rng(0))
    for name, p in layer.named_parameters():
        assert p.data.any() != name.startswith("bias")
        assert np.abs(p.data).max() < 0.05


def test_dropout_acts_between_layers_in_training_only():
    layer = GRU(2, 40, 3, dropout=0.5, dtype=np.float64, rng=np.random.default_rng(0))
    plain = like(layer, GRU, 2, 40, 3)
    x = drawn(4, 3, 2)
    expected = plain(x)[0].data
    once, twice = layer(x)[0].data, layer(x)[0].data
    assert relative_error(once, expected) > 0.01
    assert relative_error(once, twice) > 0.01
    np.testing.assert_array_equal(layer.eval()(x)[0].data, expected)
    single = GRU(2, 40, dropout=0.5, dtype=np.float64, rng=np.random.default_rng(0))  # nothing lies between one layer
    np.testing.assert_array_equal(single(x)[0].data, like(single, GRU, 2, 40)(x)[0].data)


def test_dropouts_generator_belongs_to_the_layer():
    layer = RNN(2, 8, 2, dropout=0.5, rng=np.random.default_rng(0))
    x, state = drawn(3, 2, 2, dtype=np.float32), layer.rng_state()
    first = layer(x)[0].data
    layer.load_rng_state(state)
    np.testing.assert_array_equal(layer(x)[0].data, first)
