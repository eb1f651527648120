"""A training that is stopped, saved and taken up again is the training that went on."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from training_cases import IDS, MODELS, OPTIMIZERS, SCHEDULES, B, T, lazy, sequential, shuffled, trainer

from data import sequential_batches
from rnn.checkpoint import load_state, save_state
from rnn.errors import RnnError


def told(reports):
    return [(r.step, r.epoch, r.loss, r.grad_norm, r.tokens) for r in reports]


def alike(a, b):
    """Every entry of two states, bit for bit."""
    return a.keys() == b.keys() and all(
        np.array_equal(a[k], b[k]) if isinstance(a[k], np.ndarray) else a[k] == b[k] for k in a
    )


def stopped_and_taken_up_again(path, model, epoch, optimizer, schedule, carry, before, after, truncated):
    """In new objects, drawn from another seed and trained a little; by way of a file."""
    truncation, stride = truncated if model != "both ways" else (None, None)
    options = {"carry": carry, "truncation": truncation, "stride": stride, "clip": 0.5}
    whole = trainer(model, epoch, optimizer, schedule, **options)
    expected = told(islice(whole.steps(), before + after))

    first = trainer(model, epoch, optimizer, schedule, **options)
    found = told(islice(first.steps(), before))
    save_state(path, first.state_dict(), {})
    second = trainer(model, epoch, optimizer, schedule, seed=9, **options)
    list(islice(second.steps(), 2))
    second.load_state_dict(load_state(path)[0])
    assert alike(second.state_dict(), first.state_dict())
    found += told(islice(second.steps(), after))

    assert found == expected
    assert alike(second.state_dict(), whole.state_dict())


anything = st.tuples(
    st.sampled_from(list(MODELS)), st.sampled_from([sequential, shuffled, lazy]), st.sampled_from(list(OPTIMIZERS)),
    st.sampled_from(list(SCHEDULES)), st.booleans(), st.integers(0, 20), st.integers(1, 12),
    st.sampled_from([(None, None), (3, None), (4, 2)]),
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(anything)
@example(("deep", sequential, "adam", "cosine", True, 8, 5, (None, None)))  # at the end of a pass, or next to it
@example(("deep", sequential, "adam", "cosine", True, 9, 5, (None, None)))
@example(("tied", lazy, "momentum", "warmup", False, 5, 7, (None, None)))
@example(("lstm", lazy, "rmsprop", "none", True, 12, 5, (4, 1)))
def test_stopped_and_taken_up_again_it_is_as_if_it_had_gone_on(tmp_path_factory, case):
    stopped_and_taken_up_again(tmp_path_factory.mktemp("run") / "state", *case)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(anything)
def test_so_it_is_in_many_more_cases(tmp_path_factory, case):
    stopped_and_taken_up_again(tmp_path_factory.mktemp("run") / "state", *case)


def test_a_state_is_a_copy_and_going_back_to_it_goes_back():
    it = trainer("deep", shuffled)
    list(islice(it.steps(), 5))
    state = it.state_dict()
    first = told(islice(it.steps(), 12))
    it.load_state_dict(state)
    assert told(islice(it.steps(), 12)) == first


def test_others_may_draw_from_the_generator():
    """What is drawn between the steps, for a sample say, is not drawn again."""

    def course(stop):
        it, drawn = trainer("rnn", shuffled), []
        for _ in range(20):
            drawn.append((next(it.steps()).loss, it.passes.rng.random()))
            if stop:
                state, it = it.state_dict(), trainer("rnn", shuffled, seed=3)
                it.load_state_dict(state)
        return drawn

    assert course(True) == course(False)


def test_the_state_holds_what_the_loss_depends_on():
    it = trainer("deep", sequential, "adam", "cosine")
    list(islice(it.steps(), 3))
    groups = {name.partition(".")[0] for name in it.state_dict()}
    assert groups == {"step", "dropout", "model", "optimizer", "schedule", "passes", "state"}
    kinds = {type(value) for value in it.state_dict().values()}
    assert kinds == {int, float, str, np.ndarray}


@pytest.mark.parametrize(
    "change",
    [
        lambda s: {}, lambda s: {k: v for k, v in s.items() if k != "step"}, lambda s: {**s, "step": 1.5},
        lambda s: {**s, "dropout": "{"}, lambda s: {**s, "dropout": "{}"}, lambda s: {**s, "dropout": "3"},
        lambda s: {k: v for k, v in s.items() if k != "optimizer.3.m"}, lambda s: {**s, "more": 3},
        lambda s: {**s, "model.more": np.zeros(2)}, lambda s: {**s, "passes.taken": -1},
        lambda s: {**s, "passes.now": "?"},
        lambda s: {**s, "passes.start": "{}"}, lambda s: {**s, "passes.start": ""}, lambda s: {**s, "passes.number": 0},
        lambda s: {**s, "state.0": s["state.0"][0]}, lambda s: {**s, "state.0": s["state.0"].astype(np.float64)},
        lambda s: {k: v for k, v in s.items() if k != "state.1"}, lambda s: {**s, "schedule.base": 1.0},
        lambda s: {**s, "state.0": 3.0}, lambda s: {**s, "passes.taken": "x"}, lambda s: {**s, "optimizer.lr": "x"},
        lambda s: trainer("gru").state_dict(), lambda s: trainer("deep", optimizer="sgd").state_dict(),
    ],
)  # fmt: skip
def test_a_state_that_does_not_fit_changes_nothing(change):
    it = trainer("deep")
    list(islice(it.steps(), 11))
    before = it.state_dict()
    with pytest.raises(RnnError, match="does not fit"):
        it.load_state_dict(change(dict(before)))
    assert alike(it.state_dict(), before)
    untouched = trainer("deep")
    expected = told(islice(untouched.steps(), 20))[11:]
    assert told(islice(it.steps(), 9)) == expected


def test_other_data_with_fewer_minibatches_are_found_out():
    it = trainer("rnn")
    list(islice(it.steps(), 6))
    other = trainer("rnn", lambda rng: sequential_batches(IDS[:100], B, T, rng=rng))
    other.load_state_dict(it.state_dict())
    with pytest.raises(RnnError, match="minibatches, of which 6 had been taken"):
        next(other.steps())
