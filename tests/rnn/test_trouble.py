"""Trainings that go wrong, in earnest: what is said of them, and what is left of them."""

import math
from itertools import islice

import numpy as np
import pytest

from data import random_batches, sequential_batches
from minigrad import exp, log
from minigrad.optim import SGD, Adam
from rnn.errors import RnnError
from rnn.layers import RNN
from rnn.models import LanguageModel
from rnn.training import Trainer
from rnn.trouble import Plateau, TrainingStopped, diagnosis, unigram_nats

V = 6
IDS = np.random.default_rng(0).integers(0, V, 300)


def trainer(optimizer=lambda params: SGD(params, 1.0), *, cell="lstm", layers=1, dropout=0.0, **options):
    rng = np.random.default_rng(0)
    model = LanguageModel(V, 8, layers, cell=cell, dropout=dropout, rng=rng)
    return Trainer(
        model, optimizer(model.parameters()), lambda rng: sequential_batches(IDS, 4, 10, rng=rng), rng=rng, **options
    )


def stopped(it, updates=300):
    with pytest.raises(TrainingStopped) as caught:
        list(islice(it.steps(), updates))
    line = str(caught.value)
    assert "\n" not in line
    assert line.count(";") == 2
    return caught.value


def grow(it, factor):
    """A pass in which the recurrent weights of a rectified network grow before each update."""

    def epoch(rng):
        for batch in sequential_batches(IDS, 4, 10, rng=rng):
            it.model.rnn.weight_hh_l0.assign(it.model.rnn.weight_hh_l0.data * np.float32(factor))
            yield batch

    it.model.rnn = RNN(V, 8, nonlinearity="relu", rng=np.random.default_rng(1))
    it.model.rnn.weight_hh_l0.assign(np.eye(8))
    it.passes.epoch = epoch


def test_a_gradient_that_explodes():
    it = trainer(lambda params: SGD(params, 1e-30), clip=None)
    grow(it, 1.25)
    error = stopped(it)
    assert error.step > 5
    assert "the likely cause is a gradient that exploded, its norm" in str(error)
    assert "clip it" in str(error)


def test_an_update_too_long_for_the_numbers():
    error = stopped(trainer(lambda params: SGD(params, 1e38)))
    assert error.step == 2
    assert error.fault.startswith("cross_entropy gave inf")
    assert "updates too long, so lower the learning rate, 1e+38" in str(error)


def test_the_op_within_the_layers_is_named():
    it = trainer()
    grow(it, 1.0)
    list(islice(it.steps(), 3))
    it.model.rnn.weight_hh_l0.assign(1e10 * np.eye(8))
    error = stopped(it)
    assert error.step == 4
    assert error.fault.startswith("elman_layer gave inf at entry (")


def logarithm_of_nothing(model):
    """Scores times 100, then the softmax and its logarithm as no one should take them."""

    def scores(h):
        p = exp(model.head(h) * 100)
        return log(p / p.sum(-1, keepdims=True))

    model.scores = scores


def test_the_logarithm_of_0():
    it = trainer()
    logarithm_of_nothing(it.model)
    error = stopped(it)
    assert error.fault.startswith("log gave -inf")
    assert "return log(p / p.sum" in error.fault  # the line
    assert "log_softmax" in str(error)


def test_finite_gradients_whose_squares_are_not():
    it = trainer()
    it.model.scores = lambda h: it.model.head(h) * 1e30
    error = stopped(it)
    assert "squares of the gradient overflow" in error.fault
    assert error.step == 1
    assert "the likely cause is the first weights" in error.cause


@pytest.mark.parametrize("plant", ["weight", "state"])
def test_what_was_not_finite_before_the_step(plant):
    it = trainer()
    list(islice(it.steps(), 2))
    if plant == "weight":
        it.model.head.bias.assign(np.array([0, 0, np.inf, 0, 0, 0]))
    else:
        it.state.c.data.flags.writeable = True
        it.state.c.data[0, 0, 0] = np.nan
    error = stopped(it)
    assert error.step == 3
    assert error.fault == ("head.bias" if plant == "weight" else "the state carried on, part 1") + " is not finite"


def test_weights_that_an_update_broke_are_never_saved():
    it = trainer(lambda params: SGD(params, 1.0))
    next(it.steps())
    it.model.head.weight.assign(np.full((V, 8), np.nan))
    with pytest.raises(TrainingStopped, match=r"head.weight is not finite; step 1;"):
        it.state_dict()


def drawn_as_asked_for(rng):
    for _ in range(30):
        places = rng.integers(0, 200, 4)[:, None] + np.arange(10)
        yield IDS[places], IDS[places + 1]


@pytest.mark.parametrize(("truncation", "lazy"), [(None, False), (3, False), (None, True)])
def test_the_step_has_not_been_taken_and_training_can_go_on_another_way(truncation, lazy):
    """Weights, optimiser, every generator, the place in the data: all as before; dropout draws the same again."""

    def fresh():
        it = trainer(lambda params: Adam(params, 0.01), cell="gru", layers=2, dropout=0.4, truncation=truncation)
        it.passes.epoch = drawn_as_asked_for if lazy else it.passes.epoch
        return it

    it, healthy = fresh(), fresh()
    list(islice(it.steps(), 9))
    before = it.state_dict()
    scores = it.model.scores
    it.model.scores = lambda h: log(scores(h) * 0)
    with pytest.raises(TrainingStopped, match="step 10"):
        next(it.steps())
    after = it.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)
    assert before.keys() == after.keys()
    it.model.scores = scores
    expected = [r.loss for r in islice(healthy.steps(), 20)][9:]
    assert [r.loss for r in islice(it.steps(), 11)] == expected


def test_no_warning_of_numpy_gets_out(recwarn):
    it = trainer()
    logarithm_of_nothing(it.model)
    stopped(it)
    stopped(trainer(lambda params: SGD(params, 1e38)))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("fault", "norms", "clip", "clip_value", "cause", "remedy"),
    [
        ("tanh gave nan", [1, 1.2, 0.9, 30, 900, math.inf], None, None, "its norm 9e+02 after a usual 1.2", "clip it"),
        ("tanh gave nan", [1, 1.2, 0.9, 30, 900, math.inf], 1.0, None, "exploded", "lower the learning rate, 0.5"),
        ("tanh gave nan", [1, 1.2, 0.9, 30, 900, math.inf], 1e9, None, "exploded", "clip it"),
        ("tanh gave nan", [1, 1.2, 0.9, 30, 900, math.inf], None, 5.0, "exploded", "lower the learning rate, 0.5"),
        ("tanh gave nan", [1, 1.2, 1.1, math.nan], None, None, "not clipped", "clip them, or lower"),
        ("tanh gave nan", [1, 1.2, 1.1, math.nan], 1.0, None, "updates too long", "lower the learning rate, 0.5"),
        ("log gave -inf", [1, 900, math.nan], 1.0, None, "the logarithm of 0", "log_softmax"),
        ("the rule of log gave inf", [1, 1, math.nan], 1.0, None, "the logarithm of 0", "log_softmax"),
        ("logsumexp gave inf", [1, 1, math.nan], 1.0, None, "updates too long", "lower"),
        ("tanh gave nan", [math.nan], 1.0, None, "the first weights", "smaller"),
    ],
)  # fmt: skip
def test_causes(fault, norms, clip, clip_value, cause, remedy):
    found = diagnosis(fault, norms, 0.5, clip, clip_value)
    assert cause in found[0]
    assert remedy in found[1]


# A text of 4 words in any order: single letters tell little, those before them nearly all.
WORDS = ("0123", "0132", "1203", "4501")
TEXT = np.array([int(c) for k in np.random.default_rng(1).integers(0, 4, 700) for c in WORDS[k]])


def course(updates, rate=0.02, *, mixed=False, weights=None, cell="rnn"):
    rng = np.random.default_rng(0)
    model = LanguageModel(V, 12, cell=cell, rng=rng)
    if weights is not None:
        for p in model.parameters():
            p.assign(weights * rng.standard_normal(p.shape))

    def epoch(rng):
        for inputs, targets in random_batches(TEXT, 8, 10, rng=rng):
            yield inputs, targets.T.reshape(8, 10) if mixed else targets

    it = Trainer(model, Adam(model.parameters(), rate), epoch, rng=rng, carry=False)
    return [report.loss for report in islice(it.steps(), updates)]


def alarms(losses, patience=100, level=None):
    watch = Plateau(unigram_nats(TEXT) if level is None else level, patience)
    found = [(k, said) for k, loss in enumerate(losses, 1) if (said := watch.see(loss))]
    assert len(found) <= 1
    return found


def test_the_unigram_level():
    assert abs(unigram_nats([0, 1, 1, 2]) - 1.5 * math.log(2)) < 1e-12
    assert unigram_nats([3, 3]) == 0.0
    assert str(unigram_nats([3, 3])) == "0.0"
    assert abs(unigram_nats(np.arange(28)) - math.log(28)) < 1e-12


def test_targets_turned_over_leave_it_at_the_unigram_level():
    """(B, T) read as (T, B): each input is given a target that is not its own."""
    losses = course(400, mixed=True)
    ((update, said),) = alarms(losses)
    assert 100 <= update <= 250
    assert said.updates == 100
    assert abs(said.nats - np.mean(losses[update - 100 : update])) < 1e-12
    assert abs(said.nats - said.unigram_nats) < 0.05
    level = math.exp(said.unigram_nats)
    assert f"({level:.3g})" in said.told
    assert "100 updates" in said.told
    assert f"{math.exp(said.nats):.3g}" in said.told
    assert "targets that do not belong" in said.causes


def test_a_rate_too_small_and_one_too_large():
    assert alarms(course(300, rate=1e-6))
    assert alarms(course(300, rate=30.0))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_good_run_raises_no_alarm_though_it_begins_at_the_level(cell):
    losses = course(500, cell=cell, rate=0.01)
    assert np.mean(losses[-50:]) < unigram_nats(TEXT) - 0.7
    assert not alarms(losses)


def test_a_run_that_starts_slowly_is_given_its_time():
    """From weights near zero it rests at the level for many updates, then learns."""
    losses = course(500, weights=1e-4, cell="lstm", rate=0.006)
    assert np.mean(losses[-50:]) < unigram_nats(TEXT) - 0.5
    rest = sum(loss > unigram_nats(TEXT) - 0.05 for loss in losses)
    assert rest > 25
    assert not alarms(losses, patience=2 * rest)
    assert alarms(losses, patience=rest // 3)


def test_a_loss_above_the_level_that_falls_is_learning_and_one_that_stands_is_not():
    falling = list(3.0 - 0.0006 * np.arange(400))
    assert not alarms(falling, level=2.0)
    assert alarms([3.0] * 400, level=2.0)
    assert not alarms([1.9] * 400, level=2.0)
    assert alarms([1.97] * 400, level=2.0)
    assert not alarms([3.0] * 99, level=2.0)
    assert [k for k, _ in alarms([3.0] * 400, level=2.0)] == [100]
    assert [k for k, _ in alarms([1.0] * 305 + [3.0] * 400, level=2.0)] == [380]  # 25 of 50 make it 2 in the mean


def test_a_patience_that_is_none():
    with pytest.raises(RnnError, match="patience"):
        Plateau(2.0, 1)
