"""Language models of every build: against NumPy written out, against each other, and against what they may not see."""

from itertools import islice, pairwise

import numpy as np
import pytest

from minigrad import cross_entropy, relative_error
from minigrad.optim import Adam
from rnn.decoding import sample
from rnn.errors import RnnError
from rnn.layers import LAYERS
from rnn.metrics import evaluate
from rnn.models import LanguageModel

V, H = 7, 5
BUILDS = {
    **{cell: {"cell": cell} for cell in LAYERS},
    "embedded": {"cell": "gru", "embedding": 3},
    "tied": {"cell": "lstm", "embedding": H, "tied": True},
    "deep": {"cell": "rnn", "num_layers": 3, "dropout": 0.4},
    "deep jordan": {"cell": "jordan", "num_layers": 2, "embedding": 4, "dropout": 0.4},
    "both ways": {"cell": "lstm", "bidirectional": True},
    "tied both ways": {"cell": "gru", "bidirectional": True, "embedding": 2 * H, "tied": True, "num_layers": 2},
}
every_build = pytest.mark.parametrize("name", BUILDS)
from_the_past = pytest.mark.parametrize("name", [n for n in BUILDS if "both" not in n])


def built(name, seed=0, scale=3.0, **more):
    options = {"dtype": np.float64, "rng": np.random.default_rng(seed), **BUILDS[name], **more}
    model = LanguageModel(V, H, **options)
    for p in model.parameters():  # far from linear
        p.assign(scale * p.data)
    return model


def text(n=23, seed=1):
    return np.random.default_rng(seed).integers(0, V, n)


def log_softmax(o):
    o = o - o.max(-1, keepdims=True)
    return o - np.log(np.exp(o).sum(-1, keepdims=True))


def test_an_embedded_elman_network_by_hand():
    model = built("rnn", embedding=3)
    w = model.state_dict()
    h, expected, ids = np.zeros(H), [], text()
    for i in ids:
        h = np.tanh(
            w["rnn.weight_ih_l0"] @ w["embedding.weight"][i]
            + w["rnn.bias_ih_l0"]
            + w["rnn.weight_hh_l0"] @ h
            + w["rnn.bias_hh_l0"]
        )
        expected.append(w["head.weight"] @ h + w["head.bias"])
    scores, _ = model(ids[:, None])
    assert relative_error(scores.data[:, 0], np.array(expected)) < 1e-12
    expected = np.append(log_softmax(w["head.bias"])[ids[0]], log_softmax(np.array(expected))[range(22), ids[1:]])
    assert relative_error(model.log_probs(ids), expected) < 1e-12


def test_a_jordan_network_by_hand():
    """Its scores are the model's, ŷ is fed back, and the first token comes from a step that reads nothing."""
    model = built("jordan")
    w = {k.removeprefix("rnn."): v for k, v in model.state_dict().items()}
    assert {*w} == {"weight_ih_l0", "weight_yh_l0", "weight_hy_l0", "bias_ih_l0", "bias_hy_l0"}

    def step(x, y):
        h = np.tanh(w["bias_ih_l0"] + w["weight_yh_l0"] @ y + w["weight_ih_l0"] @ x)
        return log_softmax(w["bias_hy_l0"] + w["weight_hy_l0"] @ h)

    ids = text()
    expected, y = [step(np.zeros(V), np.zeros(V))[ids[0]]], np.zeros(V)
    for i, following in pairwise(ids):
        log_p = step(np.eye(V)[i], y)
        expected.append(log_p[following])
        y = np.exp(log_p)
    assert relative_error(model.log_probs(ids), np.array(expected)) < 1e-12


@from_the_past
def test_it_looks_back_only_and_one_number_is_said_in_every_way(name):
    """`log_probs`, carried or within a context, are the logarithms of `next_distribution` after the same tokens."""
    model, ids = built(name), text()
    one_by_one = np.log([model.next_distribution(ids[:t])[ids[t]] for t in range(ids.size)])
    assert relative_error(model.log_probs(ids), one_by_one) < 1e-12
    for n in (0, 1, 4, 40):
        within = np.log([model.next_distribution(ids[max(0, t - n) : t])[ids[t]] for t in range(ids.size)])
        assert relative_error(model.log_probs(ids, n), within) < 1e-12
    found = evaluate(model, ids, rng=np.random.default_rng(0))
    assert abs(found.nats + one_by_one.mean()) < 1e-12


@every_build
def test_distributions_sum_to_one_over_texts_too(name):
    """Σ over all texts of two tokens of P(first) P(second | first), from a context and from the start."""
    model = built(name)
    for n in (1, 2):
        pairs = [model.log_probs([i, j], n).sum() for i in range(V) for j in range(V)]
        assert abs(np.exp(pairs).sum() - 1) < 1e-12
    assert (model.next_distribution(text()) > 0).all()
    assert abs(model.next_distribution(text()).sum() - 1) < 1e-12


@pytest.mark.parametrize("name", ["both ways", "tied both ways"])
class TestReadingTheFuture:
    def test_it_says_so_and_its_training_loss_is_refused_as_a_measure(self, name):
        model, ids = built(name), text(60)
        assert model.reads_future
        with pytest.raises(RnnError, match="when only later tokens change"):
            evaluate(model, ids, rng=np.random.default_rng(0))
        scores, _ = model(ids[:-1, None])
        leaking = log_softmax(scores.data[:, 0])[range(59), ids[1:]]
        assert relative_error(model.log_probs(ids)[1:], leaking) < 1e-12

    def test_what_it_says_of_the_next_token_comes_from_the_past_and_can_be_measured(self, name):
        model, ids = built(name), text()
        h, state = None, None
        for i in ids:
            h, state = model.rnn(np.array([[i]]) if model.embedding is None else model.embedding([[i]]), state)
        expected = np.exp(log_softmax(model.head(h).data[0, 0]))
        assert relative_error(model.next_distribution(ids), expected) < 1e-12
        within = np.log([model.next_distribution(ids[max(0, t - 3) : t])[ids[t]] for t in range(ids.size)])
        assert abs(evaluate(model, ids, 3, rng=np.random.default_rng(0)).nats + within.mean()) < 1e-12

    def test_text_is_drawn_by_what_it_says(self, name):
        drawn_by_what_it_says(built(name))


def drawn_by_what_it_says(model):
    rng = np.random.default_rng(0)
    for seed in range(8):
        ids = list(text(4, seed))
        for drawn in islice(sample(model, ids, temperature=0, rng=rng), 6):
            assert drawn == model.next_distribution(ids).argmax()
            ids.append(drawn)


@from_the_past
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_text_is_drawn_by_what_the_model_says(name, dtype):
    drawn_by_what_it_says(built(name, dtype=dtype))


@pytest.mark.parametrize("name", ["embedded", "tied", "deep jordan", "both ways"])
def test_the_first_token_is_drawn_from_the_start_distribution(name):
    model = built(name, scale=4.0)
    p, n = model.next_distribution([]), 400
    first = [next(sample(model, [], rng=np.random.default_rng(seed))) for seed in range(n)]
    assert (np.abs(np.bincount(first, minlength=V) / n - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


@every_build
def test_the_gradient_of_its_loss_is_that_of_differences(name):
    """Of a tied weight it is the sum over both its uses."""
    model, ids = built(name, scale=1.5).eval(), text(10).reshape(5, 2)

    def loss():
        return cross_entropy(model(ids)[0], np.roll(ids, -1, 0))

    loss().backward()
    for p in model.parameters():
        before, direction = p.data.copy(), np.random.default_rng(2).standard_normal(p.shape)
        values = []
        for step in (1e-6, -1e-6):
            p.assign(before + step * direction)
            values.append(loss().item())
        p.assign(before)
        slope, found = (values[0] - values[1]) / 2e-6, float((p.grad.data * direction).sum())
        assert abs(slope - found) < 1e-7 * max(1, abs(slope))


def test_names_are_torchs():
    assert list(built("tied").state_dict()) == [
        "embedding.weight", "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "head.bias",
        "head.weight",
    ]  # fmt: skip
    assert next(iter(built("embedded").state_dict())) == "embedding.weight"


def test_a_tied_weight_is_one():
    model = built("tied")
    assert model.embedding.weight is model.head.weight
    assert len({id(p) for p in Adam(model.parameters()).params}) == len(model.parameters()) == 6
    other = built("tied", seed=9)
    other.load_state_dict(model.state_dict())
    assert np.array_equal(other.log_probs(text()), model.log_probs(text()))
    assert other.embedding.weight is other.head.weight
    state = model.state_dict()
    state["head.weight"][0, 0] += 1
    with pytest.raises(RnnError, match=r"head.weight is not embedding.weight"):
        other.load_state_dict(state)
    assert np.array_equal(other.log_probs(text()), model.log_probs(text()))


def test_dropout_acts_on_what_the_head_reads_in_training_and_scales():
    model = LanguageModel(V, 400, dropout=0.25, dtype=np.float64, rng=np.random.default_rng(0))
    model.head.weight.assign(np.eye(V, 400))
    model.head.bias.assign(np.zeros(V))
    ids = text(500)[:, None]
    with_dropout, _ = model(ids)
    whole, _ = model.eval()(ids)
    ratio = with_dropout.data / whole.data
    assert np.allclose(ratio[ratio != 0], 1 / 0.75)
    assert abs((ratio == 0).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / ratio.size)
    assert sorted(LanguageModel(V, H, 2, dropout=0.1).rng_state()) == ["dropout.rng", "rnn.between.rng"]
    assert sorted(LanguageModel(V, H, 2, cell="jordan", dropout=0.1).rng_state()) == ["rnn.between.rng"]
    assert LanguageModel(V, H, 2).rng_state() == {}


def test_both_dropouts_draw_their_own():
    model = LanguageModel(V, H, 2, dropout=0.5, rng=np.random.default_rng(0))
    first, second = model.rng_state().values()
    assert first != second


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cell": "elman"}, "no cell 'elman'; LanguageModel; give one of rnn, gru, lstm, jordan"),
        ({"tied": True}, "embedding as wide as the output of the layers, 5; .*embedding None; give embedding=5"),
        ({"tied": True, "embedding": 4}, "give embedding=5"),
        ({"tied": True, "embedding": 5, "bidirectional": True}, "give embedding=10"),
        ({"tied": True, "embedding": 7, "cell": "jordan"}, "no head to tie"),
        ({"bidirectional": True, "cell": "jordan"}, "two directions give two"),
        ({"embedding": 0}, "embedding is 0"),
        ({"vocabulary": 0}, "vocabulary is 0"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)  # fmt: skip
def test_what_it_cannot_be(options, said):
    with pytest.raises(RnnError, match=said):
        LanguageModel(**{"vocabulary": V, "hidden_size": H, **options})


def test_trained_on_what_it_sees_it_writes_nonsense():
    """D2L 9.4.3: a splendid loss, and letter by letter worse than a guess by dice."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, (21, 32))  # dice: nobody can foretell them
    model = LanguageModel(V, 16, cell="rnn", bidirectional=True, rng=rng)
    optimizer = Adam(model.parameters(), 0.03)
    for _ in range(80):
        loss = cross_entropy(model(ids[:-1])[0], ids[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5 < np.log(V)
    fresh = rng.integers(0, V, 150)
    assert -model.log_probs(fresh).mean() < 0.7
    assert evaluate(model, fresh, 20, rng=rng).nats > np.log(V) + 0.5
