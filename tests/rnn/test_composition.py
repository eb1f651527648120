"""Composed layers: of equal cells they are the layers with `num_layers` and `bidirectional`, to the last bit."""

import numpy as np
import pytest
from layer_cases import drawn

from minigrad import Tensor, dropout, grad, relative_error
from rnn import GRU, LSTM, RNN, JordanRNN, LSTMState, RnnError
from rnn.composition import Bidirectional, Directions, Stack

OPTIONS = {"dtype": np.float64}
KINDS = {
    "RNN, fused": lambda i, n=1, **o: RNN(i, 4, n, implementation="fused", **o),
    "RNN, stepwise": lambda i, n=1, **o: RNN(i, 4, n, implementation="stepwise", **o),
    "RNN, relu, checkpointed": lambda i, n=1, **o: RNN(i, 4, n, nonlinearity="relu", gradient_checkpointing=True, **o),
    "GRU": lambda i, n=1, **o: GRU(i, 4, n, **o),
    "GRU as in D2L, no bias": lambda i, n=1, **o: GRU(i, 4, n, reset_after=False, bias=False, **o),
    "LSTM": lambda i, n=1, **o: LSTM(i, 4, n, **o),
    "LSTM, peepholes": lambda i, n=1, **o: LSTM(i, 4, n, peepholes=True, **o),
    "Jordan": lambda i, n=1, **o: JordanRNN(i, 4, 2, n, **o),
}
FORMS = {
    "batch": (lambda: drawn(5, 3, 3), None),
    "uneven": (lambda: drawn(5, 3, 3), [4, 1, 5]),
    "ids": (lambda: np.random.default_rng(0).integers(0, 3, (5, 3)), None),
    "uneven ids": (lambda: np.where(np.arange(5)[:, None] < [2, 5, 1], 2, -7), [2, 5, 1]),
    "single": (lambda: drawn(5, 3), None),
    "single, shorter": (lambda: drawn(5, 3), [3]),
    "single ids": (lambda: np.array([2, 0, 1, 1, 2]), None),
    "one step": (lambda: drawn(1, 2, 3), [1, 1]),
}


def rng(seed=0):
    return np.random.default_rng(seed)


def composed(make, whole, both):
    """One layer for each layer and direction of `whole`, with its weights, and the same composed."""
    suffixes = ["", "_reverse"] if both else [""]
    parts, levels = [], []
    for k in range(whole.num_layers):
        level = []
        for suffix in suffixes:
            part = make(whole.output_size if k else whole.input_size, **OPTIONS)
            given = whole.state_dict()
            part.load_state_dict({n: given[n.replace("_l0", f"_l{k}{suffix}")] for n, _ in part.named_parameters()})
            level.append(part)
        levels.append(Bidirectional(*level) if both else level[0])
        parts += level
    return parts, Stack(levels) if len(levels) > 1 else levels[0]


def nested(states, layers, both):
    """A state for each layer and direction, in the form that the composed layer takes."""
    levels = [Directions(*states[2 * k : 2 * k + 2]) for k in range(layers)] if both else list(states)
    return tuple(levels) if layers > 1 else levels[0]


def leaves(state):
    """The tensors of a state, those of one part together."""
    if isinstance(state, Tensor):
        return [state]
    return [t for part in state for t in leaves(part)]


def gradients(outputs, by, seed=3):
    r = rng(seed)
    return grad(sum((y * r.standard_normal(y.shape)).sum() for y in outputs), by)


def assert_equal(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)


def assert_close(ones, others):
    """Equal but for the order of sums: a kernel that reads backwards meets the padding first."""
    for one, other in zip(ones, others, strict=True):
        assert one.shape == other.shape
        assert relative_error(one, other) < 1e-13


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("layers", "both"), [(1, True), (3, False), (2, True)])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_cells_are_the_layer_with_that_many_layers_and_directions(kind, layers, both, form):
    make, (draw, lengths) = KINDS[kind], FORMS[form]
    x, count = draw(), layers * (1 + both)
    whole = make(3, layers, bidirectional=both, rng=rng(1), **OPTIONS)
    parts, mine = composed(make, whole, both)
    rows = x.shape[1:2] if "single" not in form else ()
    given = [drawn(count, *rows, n, seed=n + k) for k, n in enumerate(whole.state_sizes)]
    pieces = [[Tensor(part.data[k : k + 1], requires_grad=True) for part in given] for k in range(count)]
    form_of = LSTMState._make if len(given) > 1 else lambda one: one[0]
    output, last = whole(x, form_of(given), lengths)
    other, after = mine(x, nested([form_of(p) for p in pieces], layers, both), lengths)
    np.testing.assert_array_equal(other.data, output.data)
    ends = leaves(after)
    for k, part in enumerate(leaves(last)):
        np.testing.assert_array_equal(np.concatenate([e.data for e in ends[k :: len(given)]]), part.data)
    by_input = [x] if isinstance(x, Tensor) else []
    split = [last_k[k : k + 1] for k in range(count) for last_k in leaves(last)]
    theirs = gradients([output, *split], [*by_input, *given, *whole.parameters()])
    ours = gradients(
        [other, *ends], [*by_input, *(t for p in pieces for t in p), *(q for p in parts for q in p.parameters())]
    )
    n = len(by_input)
    assert_close([g.data for g in ours[:n]], [g.data for g in theirs[:n]])
    for k in range(len(given)):
        states = ours[n : n + count * len(given)][k :: len(given)]
        assert_close([np.concatenate([g.data for g in states])], [theirs[n + k].data])
    assert_close([g.data for g in ours[n + count * len(given) :]], [g.data for g in theirs[n + len(given) :]])


# Different cells and sizes


def alone(layer, x, length, state=None):
    """One row of a batch by itself, up to its length: the witness of what lengths mean."""
    output, last = layer(Tensor(x[:length, None]), state)
    return output.data[:, 0], [t.data[:, 0] for t in leaves(last)]


@pytest.mark.parametrize("lengths", [None, [4, 1, 6]])
def test_two_directions_of_different_cells_are_two_layers_on_two_orders(lengths):
    ahead, back = GRU(3, 4, rng=rng(1), **OPTIONS), LSTM(3, 5, rng=rng(2), **OPTIONS)
    x = drawn(6, 3, 3)
    output, last = Bidirectional(ahead, back)(x, lengths=lengths)
    assert output.shape == (6, 3, 9)
    assert isinstance(last.backward, LSTMState)
    for b, n in enumerate(lengths or [6, 6, 6]):
        h, [end] = alone(ahead, x.data[:, b], n)
        g, ends = alone(back, x.data[:n, b][::-1], n)
        np.testing.assert_allclose(output.data[:n, b], np.concatenate([h, g[::-1]], axis=1), rtol=1e-13)
        assert not output.data[n:, b].any()
        np.testing.assert_allclose(last.forward.data[:, b], end, rtol=1e-13)
        for mine, theirs in zip(last.backward, ends, strict=True):
            np.testing.assert_allclose(mine.data[:, b], theirs, rtol=1e-13)


def mixed(**options):
    """LSTM 3 → 4, both directions 4 → 5 of a two-layer GRU and an RNN, Jordan 5 → 2."""
    both = Bidirectional(GRU(4, 3, 2, rng=rng(2), **OPTIONS), RNN(4, 2, rng=rng(3), **OPTIONS))
    last = JordanRNN(5, 6, 2, rng=rng(4), **OPTIONS)
    return Stack([LSTM(3, 4, rng=rng(1), **OPTIONS), both, last], **options)


@pytest.mark.parametrize("lengths", [None, [4, 2]])
def test_a_stack_of_different_layers_is_one_after_the_other(lengths):
    net, x = mixed(), drawn(4, 2, 3)
    assert (net.input_size, net.output_size, net.bidirectional) == (3, 2, True)
    state = (LSTMState(drawn(1, 2, 4, seed=2), drawn(1, 2, 4, seed=3)), Directions(drawn(2, 2, 3, seed=4), None), None)
    output, last = net(x, state, lengths)
    lstm, both, jordan = net.layers
    one, a = lstm(x, state[0], lengths)
    two, b = both(one, Directions(state[1].forward, Tensor(np.zeros((1, 2, 2)))), lengths)
    three, c = jordan(two, Tensor(np.zeros((1, 2, 2))), lengths)
    assert_equal([t.data for t in (output, *leaves(last))], [t.data for t in (three, *leaves((a, b, c)))])
    by = [x, *leaves(state[0]), state[1].forward, *net.parameters()]
    assert all(g.data.any() for g in grad((output**2).sum(), by, retain_graph=True))
    assert_equal(
        *([g.data for g in gradients(ys, by)] for ys in ([output, *leaves(last)], [three, *leaves((a, b, c))]))
    )


def test_a_direction_may_be_a_stack():
    deep = Stack([RNN(3, 4, rng=rng(1), **OPTIONS), GRU(4, 2, rng=rng(2), **OPTIONS)])
    flat, x = LSTM(3, 3, rng=rng(3), **OPTIONS), drawn(5, 2, 3)
    output, last = Bidirectional(flat, deep)(x, lengths=[3, 5])
    for b, n in enumerate([3, 5]):
        g, ends = alone(deep, x.data[:n, b][::-1], n)
        np.testing.assert_allclose(output.data[:n, b, 3:], g[::-1], rtol=1e-13)
        for mine, theirs in zip(leaves(last.backward), ends, strict=True):
            np.testing.assert_allclose(mine.data[:, b], theirs, rtol=1e-13)


def test_each_direction_feels_its_side_of_the_sequence():
    net, x = Bidirectional(RNN(3, 4, **OPTIONS), GRU(3, 2, **OPTIONS)), drawn(5, 1, 3)
    output, _ = net(x)
    for t in range(5):
        for part, expected in (((..., slice(4)), np.arange(5) <= t), ((..., slice(4, 6)), np.arange(5) >= t)):
            felt = np.abs(grad(output[t][part].sum(), x, retain_graph=True).data).sum((1, 2)) > 0
            np.testing.assert_array_equal(felt, expected)


def test_padding_is_never_read():
    x = drawn(5, 2, 3).data
    x[3:, 0] = np.nan
    given = Tensor(x, requires_grad=True)
    output, last = mixed()(given, lengths=[3, 5])
    g = grad((output**2).sum() + sum((t**2).sum() for t in leaves(last)), given).data
    assert all(np.isfinite(a).all() for a in (output.data, g, *(t.data for t in leaves(last))))
    assert not g[3:, 0].any()
    assert g[:3, 0].all()


def test_a_sequence_may_be_cut_and_carried_on():
    net = Stack([LSTM(3, 4, rng=rng(1), **OPTIONS), Stack([GRU(4, 3, rng=rng(2), **OPTIONS)])])
    x = drawn(6, 2, 3)
    whole, end = net(x)
    first, state = net(x[:2])
    second, last = net(x[2:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data]), whole.data, rtol=1e-13)
    for mine, theirs in zip(leaves(last), leaves(end), strict=True):
        np.testing.assert_allclose(mine.data, theirs.data, rtol=1e-13)


def test_parameters_are_found_by_the_way_to_them_and_a_shared_layer_once():
    names = [name for name, _ in mixed().named_parameters()]
    assert names[0] == "layers.0.weight_ih_l0"
    assert {"layers.1.forward.weight_hh_l1", "layers.1.backward.bias_ih_l0", "layers.2.weight_hy_l0"} < set(names)
    net, other = mixed(), mixed()
    for p in other.parameters():
        p.assign(2 * p.data)
    other.load_state_dict(net.state_dict())
    x = drawn(3, 2, 3)
    np.testing.assert_array_equal(other(x)[0].data, net(x)[0].data)
    tied = RNN(4, 4, **OPTIONS)
    assert len(Stack([tied, tied]).parameters()) == len(Bidirectional(tied, tied).parameters()) == 4


# Dropout


@pytest.mark.parametrize("lengths", [None, [5, 2, 4]])
def test_dropout_between_equal_layers_is_that_of_the_layer(lengths):
    whole = RNN(3, 4, 3, dropout=0.4, rng=rng(7), **OPTIONS)
    parts, _ = composed(KINDS["RNN, fused"], whole, False)
    mine, x = Stack(parts, dropout=0.4, rng=rng(7).spawn(1)[0]), drawn(5, 3, 3)
    for _ in range(2):  # the generators go on together
        (a, state), (b, states) = whole(x, lengths=lengths), mine(x, lengths=lengths)
        assert_equal([b.data, *(s.data[0] for s in states)], [a.data, *state.data])
    assert mine.rng_state()["between.rng"] == whole.rng_state()["between.rng"]
    plain = Stack(parts)(x, lengths=lengths)[0].data
    assert (b.data != plain).any()
    np.testing.assert_array_equal(mine.eval()(x, lengths=lengths)[0].data, plain)


def test_dropout_acts_on_what_passes_between_layers_and_on_nothing_else():
    net = mixed(dropout=0.5, rng=rng(11))
    again, x = rng(11), drawn(4, 2, 3)
    lstm, both, jordan = net.layers
    two, _ = both(dropout(lstm(x)[0], 0.5, again))
    np.testing.assert_array_equal(net(x)[0].data, jordan(dropout(two, 0.5, again))[0].data)
    one = Stack([lstm], dropout=0.9, rng=rng())
    np.testing.assert_array_equal(one(x)[0].data, lstm(x)[0].data)
    assert one.rng_state()["between.rng"] == rng().bit_generator.state  # nothing was drawn


# What is refused


def rnn(i=3, h=4, **options):
    return RNN(i, h, **options)


def two():
    return Stack([rnn(), rnn(4, 5)])


def both():
    return Bidirectional(rnn(), rnn(h=5))


x = np.zeros((4, 2, 3), np.float32)
REFUSED = {
    "there are no layers; Stack; give at least one": lambda: Stack([]),
    "dropout is 1; Stack; give a probability from 0 to below 1": lambda: Stack([rnn()], dropout=1),
    "dropout is nan; Stack; give a probability from 0 to below 1": lambda: Stack([rnn()], dropout=float("nan")),
    "layers.1 gives 5 features, layers.2 reads 4; Stack; give layers.2 an input size of 5": lambda: Stack(
        [rnn(), rnn(4, 5), rnn(4)]
    ),
    "layers.0 gives 8 features, layers.1 reads 4; Stack; give layers.1 an input size of 8": lambda: Stack(
        [rnn(bidirectional=True), rnn(4)]
    ),
    "layers.1 has batch_first; Stack; give time-major layers, (T, B, ·)": lambda: Stack(
        [rnn(), rnn(4, batch_first=True)]
    ),
    "layers.1 is float64, another part float32; Stack; give all one dtype": lambda: Stack(
        [rnn(), rnn(4, dtype=np.float64)]
    ),
    "forward has batch_first; Bidirectional; give time-major layers, (T, B, ·)": lambda: Bidirectional(
        rnn(batch_first=True), rnn()
    ),
    "backward is float64, another part float32; Bidirectional; give all one dtype": lambda: Bidirectional(
        rnn(), rnn(dtype=np.float64)
    ),
    "forward reads 3 features, backward 2; Bidirectional; give both one input size": lambda: Bidirectional(
        rnn(), rnn(2)
    ),
    "backward reads both ways itself; Bidirectional; give a layer of one direction": lambda: Bidirectional(
        rnn(), Stack([rnn(bidirectional=True)])
    ),
    "forward reads both ways itself; Bidirectional; give a layer of one direction": lambda: Bidirectional(
        both(), rnn()
    ),
    "the state is of type Tensor; Stack; give a tuple of 2, a state for each layer": lambda: two()(
        x, Tensor(np.zeros((2, 2, 4), np.float32))
    ),
    "the state is 1 states; Stack; give a tuple of 2, a state for each layer": lambda: two()(x, (None,)),
    "the state is of type Directions; Stack; give a tuple of 2, a state for each layer": lambda: two()(
        x, Directions(None, None)
    ),
    "the state is of type tuple; Bidirectional; give Directions(forward, backward), a state for each": lambda: both()(
        x, (None, None)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message):
    with pytest.raises(RnnError) as caught:
        REFUSED[message]()
    assert str(caught.value) == message


small = Tensor(np.zeros((1, 2, 4), np.float32))
over = np.array([[0, 3]])
PASSED_ON = [
    ("Stack, layers.1: RNN", lambda: two()(x, (None, small)), lambda: rnn(4, 5)(x[..., [0, 0, 1, 2]], small)),
    (
        "Stack, layers.0: Bidirectional, backward: RNN",
        lambda: Stack([both()])(x, (Directions(None, small),)),
        lambda: rnn(h=5)(x, small),
    ),
    (
        "Bidirectional, forward: LSTM",
        lambda: Bidirectional(LSTM(3, 4), rnn())(x, Directions(small, None)),
        lambda: LSTM(3, 4)(x, small),
    ),
    ("Bidirectional, forward: RNN", lambda: both()(over), lambda: rnn()(over)),
    ("Bidirectional", lambda: both()(x[..., :2]), lambda: rnn()(x[..., :2])),
    ("Bidirectional", lambda: both()(x, lengths=[1, 5]), lambda: rnn()(x, lengths=[1, 5])),
    ("Bidirectional", lambda: both()(x, lengths=[1, 2, 3]), lambda: rnn()(x, lengths=[1, 2, 3])),
    ("Bidirectional", lambda: both()(x, lengths=[1.0, 2.0]), lambda: rnn()(x, lengths=[1.0, 2.0])),
    ("Stack, layers.0: RNN", lambda: two()(x[..., :2]), lambda: rnn()(x[..., :2])),
    ("Stack, layers.0: RNN", lambda: two()(x, lengths=[0, 4]), lambda: rnn()(x, lengths=[0, 4])),
]


@pytest.mark.parametrize(("where", "composed", "alone"), PASSED_ON)
def test_what_a_layer_refuses_is_refused_in_its_words_with_the_way_to_it(where, composed, alone):
    with pytest.raises(RnnError) as mine:
        composed()
    with pytest.raises(RnnError) as own:
        alone()
    assert mine.value.where == where
    assert (mine.value.what, mine.value.remedy) == (own.value.what, own.value.remedy)
