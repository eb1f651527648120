"""What an update is: against loops written out, and against chains of steps cut by hand."""

from itertools import islice

import numpy as np
import pytest
from training_cases import IDS, MODELS, B, T, V, sequential, trainer

from data import sequential_batches
from minigrad import cross_entropy, relative_error
from minigrad.optim import SGD
from rnn.errors import RnnError
from rnn.models import LanguageModel
from rnn.training import Trainer


def test_by_hand():
    """Three minibatches in a row with SGD, the state carried; the last is the first of a new pass."""
    it = trainer("lstm", sequential, "sgd", dtype=np.float64, clip=0.3)
    rng = np.random.default_rng(0)
    model = LanguageModel(V, 5, cell="lstm", dtype=np.float64, rng=rng)
    rule, passes, state = SGD(model.parameters(), 0.5), 0, None
    expected = []
    while passes < 2:
        passes, state = passes + 1, None
        for inputs, targets in sequential_batches(IDS, B, T, rng=rng):
            scores, last = model(inputs.T, state)
            loss = cross_entropy(scores, targets.T)
            rule.zero_grad()
            loss.backward()
            norm = np.sqrt(sum((p.grad.data**2).sum() for p in model.parameters()))
            for p in model.parameters():
                p.assign(p.data - 0.5 * min(1, 0.3 / norm) * p.grad.data)
            state = type(last)(*(part.detach() for part in last))
            expected.append((passes, loss.item(), norm))
    found = [(r.epoch, r.loss, r.grad_norm) for r in islice(it.steps(), len(expected))]
    assert [f[0] for f in found] == [e[0] for e in expected]
    assert relative_error(np.array(found), np.array(expected)) < 1e-10


@pytest.mark.parametrize("carry", [True, False])
def test_a_minibatch_starts_where_the_one_before_ended_or_at_zero(carry):
    batches = list(sequential(np.random.default_rng(5)))[:3]
    it = trainer("gru", lambda rng: batches, carry=carry)
    for k in range(7):
        state = it.state
        assert (state is None) == (not carry or k == 0)
        inputs, targets = batches[k % 3]
        loss = cross_entropy(it.model(inputs.T, state if k % 3 else None)[0], targets.T).item()
        assert next(it.steps()).loss == loss


@pytest.mark.parametrize(("truncation", "stride"), [(8, None), (20, None), (8, 4), (3, None), (5, 2), (1, 1)])
@pytest.mark.parametrize("model", ["gru", "tied", "jordan"])
def test_the_gradient_reaches_as_far_back_as_it_is_told(model, truncation, stride):
    """Against the sum of the losses of single tokens, each with its own chain of steps back, cut by hand."""
    options = {**MODELS[model], "dropout": 0.0}
    network = LanguageModel(V, 5, dtype=np.float64, rng=np.random.default_rng(1), **options)
    inputs, targets = IDS[:24].reshape(B, T), IDS[1:25].reshape(B, T)
    rule = SGD(network.parameters(), 1e-18)  # which moves nothing
    it = Trainer(network, rule, lambda rng: [(inputs, targets)], rng=np.random.default_rng(0), clip=None,
                 truncation=truncation, stride=stride)  # fmt: skip
    report = next(it.steps())
    found = [p.grad.data.copy() for p in network.parameters()]

    rule.zero_grad()
    every, total = stride or truncation, 0.0
    for end in [*range(every, T, every), T]:
        first = (end - 1) // every * every
        begin, state = max(0, first + min(every, T - first) - truncation), None
        if begin:
            _, state = network.hidden(inputs.T[:begin])
            state = state.detach()
        scores, _ = network(inputs.T[begin:end], state)
        loss = cross_entropy(scores[first - begin :], targets.T[first:end]) * ((end - first) / T)
        loss.backward()
        total += loss.item()
    assert abs(report.loss - total) < 1e-12
    for p, gradient in zip(network.parameters(), found, strict=True):
        assert relative_error(gradient, p.grad.data) < 1e-7
    if truncation >= T and stride is None:
        whole = cross_entropy(network(inputs.T)[0], targets.T).item()
        assert abs(report.loss - whole) < 1e-8


def test_further_back_is_nearer_to_the_whole_gradient():
    norms = {}
    for truncation in (1, 3, 8):
        it = trainer("lstm", lambda rng: [(IDS[:24].reshape(B, T), IDS[1:25].reshape(B, T))], dtype=np.float64,
                     truncation=truncation, stride=1)  # fmt: skip
        next(it.steps())
        norms[truncation] = it.model.rnn.weight_hh_l0.grad.data
    whole = trainer("lstm", lambda rng: [(IDS[:24].reshape(B, T), IDS[1:25].reshape(B, T))], dtype=np.float64)
    next(whole.steps())
    exact = whole.model.rnn.weight_hh_l0.grad.data
    error = [relative_error(norms[k], exact) for k in (1, 3, 8)]
    assert error[0] > error[1] > 100 * error[2]


def test_clipping_by_norm_and_by_value():
    batch = [(IDS[:24].reshape(B, T), IDS[1:25].reshape(B, T))]

    def change(**clip):
        it = trainer("rnn", lambda rng: batch, "sgd", dtype=np.float64, **clip)
        before = it.model.state_dict()
        norm = next(it.steps()).grad_norm
        return {k: (before[k] - a) / 0.5 for k, a in it.model.state_dict().items()}, norm

    free, norm = change(clip=None)
    by_norm, same = change(clip=norm / 4)
    by_value, again = change(clip=None, clip_value=0.01)
    assert norm == same == again
    length = np.sqrt(sum((g**2).sum() for g in free.values()))
    assert abs(length - norm) < 1e-9
    assert max(np.abs(by_value[k]).max() for k in free) <= 0.01 + 1e-12
    for k, g in free.items():
        assert relative_error(by_norm[k], g / 4) < 1e-9
        assert relative_error(by_value[k], np.clip(g, -0.01, 0.01)) < 1e-7


def test_the_schedule_sets_the_rate_of_each_update():
    it = trainer("rnn", sequential, "sgd", "warmup")
    rates = []
    for _ in range(7):
        rates.append(it.optimizer.lr)
        next(it.steps())
    assert np.allclose(rates, [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clip": 0.0}, "clip is 0.0"), ({"clip": float("nan")}, "clip is nan"), ({"clip_value": -1}, "value is -1"),
        ({"truncation": 0}, "truncation is 0"), ({"stride": 2}, "a stride of 2 with no truncation"),
        ({"truncation": 2, "stride": 3}, "truncation of 2.*at least 3"), ({"truncation": 2.5}, "truncation is 2.5"),
        ({"truncation": 2, "model": "both ways"}, "reads the future"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant(options, said):
    with pytest.raises(RnnError, match=said):
        trainer(**options)


def test_a_pass_without_minibatches():
    with pytest.raises(RnnError, match="no minibatches"):
        next(trainer("rnn", lambda rng: []).steps())
