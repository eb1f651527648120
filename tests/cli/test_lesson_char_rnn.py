"""The lesson on a network that writes: what is particular to it, and what breaks its claims."""

import math
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.lab import beginnings, lessons
from cli.lab.experiments import conduct
from cli.lessons.char_rnn import course, history, machine, reading, samplings, training, warm
from data import sequential_batches
from minigrad import Tensor, cross_entropy, no_grad
from rnn.decoding import sample
from rnn.models import LanguageModel

LESSON = lessons.load("char-rnn")
TRAINED = {"learning", "samples", "by_hand", "warm_up", "two_samplings", "begun"}
FEW = 24  # updates, where a network need not be a good one


failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)


@pytest.mark.parametrize("seed", range(3, 8))
def test_the_quick_pages_hold_for_more_seeds(seed):
    for name in set(LESSON.experiments) - TRAINED:
        assert failing(name, seed) == [], name


def test_it_claims_much():
    names = set(LESSON.experiments) - TRAINED
    assert sum(len(conduct(LESSON.experiments[name], seed=0).claims) for name in names) >= 20


# What is wrong is noticed


def test_a_network_that_was_told_nothing_is_noticed(monkeypatch):
    monkeypatch.setattr(machine, "TIMES", 0)
    assert fails("one_word", "after it has been told")
    assert fails("one_word", "right one has the largest")
    assert fails("one_word", "its own answers")


def test_a_network_that_is_asked_for_what_it_reads_is_noticed(monkeypatch):
    """It learns to say the same letter again."""
    right = machine.cross_entropy
    monkeypatch.setattr(machine, "cross_entropy", lambda scores, asked: right(scores, machine.READ[:, None]))
    assert fails("one_word", "after it has been told")


def test_a_network_that_reads_ahead_is_noticed(monkeypatch):
    monkeypatch.setattr(machine, "LanguageModel", partial(LanguageModel, bidirectional=True))
    assert {"what L₃ feels of the letters after the third", "what any loss feels of a later letter",
            "change of L₃ for any other letters in the later places"} <= set(failing("only_the_past"))  # fmt: skip


def test_a_network_that_forgets_is_noticed(monkeypatch):
    """Without W, a loss feels its own letter only."""

    def forgetful(*given, **options):
        model = LanguageModel(*given, **options)
        model.rnn.weight_hh_l0.assign(np.zeros_like(model.rnn.weight_hh_l0.data))
        return model

    monkeypatch.setattr(machine, "LanguageModel", forgetful)
    assert failing("only_the_past") == ["what a loss feels of its own letter and those before, at least"]


def test_a_minibatch_turned_round_is_no_slip(monkeypatch):
    monkeypatch.setattr(reading, "folded", lambda a: a.T)
    assert failing("shapes") == ["how far off the loss is if (B, T) is folded to (T, B)"]


def test_ids_that_mean_other_letters_are_noticed(monkeypatch):
    class Off(LanguageModel):
        def __call__(self, ids, state=None):
            return super().__call__((ids + 1) % self.vocabulary, state)

    monkeypatch.setattr(reading, "LanguageModel", Off)
    assert fails("shapes", "scores from ids")


def test_weights_that_are_not_small_are_noticed(monkeypatch):
    right = training.redrawn
    monkeypatch.setattr(reading, "redrawn", lambda model, std, rng: right(model, 100 * std, rng))
    assert fails("before_training", "small weights")
    assert fails("before_training", "largest probability")


def test_a_network_that_has_learned_little_is_noticed():
    assert fails("learning", "that of letters", updates=FEW)
    assert fails("learning", "that of pairs", updates=FEW)
    assert fails("samples", "at last", updates=FEW)
    assert failing("by_hand", updates=FEW) == []


@pytest.mark.parametrize(("part", "other"), [("THETA", 1e-3), ("detached", lambda state: None)])
def test_an_update_that_differs_is_noticed(monkeypatch, part, other):
    """With another θ; without the carried state."""
    monkeypatch.setattr(course, part, other)
    assert fails("by_hand", "losses of the loop", updates=FEW)


def test_a_gradient_that_is_used_too_long_is_noticed(monkeypatch):
    monkeypatch.setattr(training, "THETA", 5.0)
    monkeypatch.setattr(course, "on_story", course.on_story.__wrapped__)
    assert fails("by_hand", "longest gradient", updates=3 * FEW)


def test_warming_up_from_nothing_or_twice_is_noticed(monkeypatch):
    """With a network whose weights are large, so that it tells all prefixes apart."""
    rng, right = np.random.default_rng(0), warm.written
    model = training.build(len(training.story().vocab), 32, rng)
    training.redrawn(model, 0.5, rng)
    run = training.Run(model, (), (), ())
    monkeypatch.setattr(warm, "on_story", lambda updates, seed: course.Course(run, ()))
    assert not fails("warm_up", "loop and the project's")
    monkeypatch.setattr(warm, "written", lambda model, prefix, n: right(model, prefix[-1:], n))
    assert fails("warm_up", "loop and the project's")
    monkeypatch.setattr(warm, "written", lambda model, prefix, n: right(model, [*prefix, prefix[-1]], n))
    assert fails("warm_up", "loop and the project's")


def test_a_network_without_a_state_has_nothing_to_warm_up(monkeypatch):
    def forgetful(updates, seed):
        found = course.on_story.__wrapped__(FEW, seed)
        found.run.model.rnn.weight_hh_l0.assign(np.zeros((course.STORY.units,) * 2))
        return found

    monkeypatch.setattr(warm, "on_story", forgetful)
    assert fails("warm_up", "after sixteen letters", updates=FEW)
    assert fails("warm_up", "read twice", updates=FEW)


def test_losses_of_samplings_that_are_exchanged_are_noticed(monkeypatch):
    def run(characters, at_random, seed):
        return training.Run(None, (math.log(1.05 if at_random else 1.3),) * 900, (), ())

    monkeypatch.setattr(samplings, "on_piece", run)
    assert failing("two_samplings") == ["random to sequence"]
    monkeypatch.setattr(samplings, "on_piece", lambda *a: training.Run(None, (math.log(5),) * 900, (), ()))
    assert len(failing("two_samplings")) == 2


def test_a_network_that_knows_the_answers_is_noticed(monkeypatch):
    """No loss at all, at any step; and one that never falls."""
    text = beginnings.piece(1000)
    untrained = training.build(len(text.vocab), 8, np.random.default_rng(0))
    monkeypatch.setattr(samplings, "on_piece", lambda *a: training.Run(untrained, (0.0,) * 900, (), ()))
    monkeypatch.setattr(samplings, "begun_anew", lambda model, ids, window: np.full(window, 1e-9))
    assert {"loss less the least possible, at the step where that is smallest", "loss at the first step",
            "at random, as the book takes it: to the least begun anew"} <= set(failing("begun"))  # fmt: skip
    monkeypatch.setattr(samplings, "begun_anew", lambda model, ids, window: np.full(window, 3.0))
    assert fails("begun", "loss at the last step")
    assert fails("begun", "trained in sequence")


def test_a_state_that_is_not_cut_is_noticed(monkeypatch):
    monkeypatch.setattr(history, "detached", lambda state: state)
    assert fails("dragged_along", "cut: how much nodes")
    assert fails("dragged_along", "nodes walked in a pass")
    assert fails("what_is_cut", "cut: gradient")


def test_a_state_that_is_thrown_away_is_noticed(monkeypatch):
    monkeypatch.setattr(history, "detached", lambda state: None)
    assert failing("dragged_along") == ["difference that cutting makes to any loss"]
    assert {"cut, other letters in the first minibatch still move the last loss",
            "and by as much as if not cut (difference)"} == set(failing("what_is_cut"))  # fmt: skip


def test_an_engine_that_goes_on_is_noticed(monkeypatch):
    """As one does that keeps what it has walked, and does not look whether weights have changed."""
    right = history.cross_entropy

    def lenient(logits, targets):
        loss = right(logits, targets)
        monkeypatch.setattr(type(loss), "backward", lambda self: None, raising=False)
        return loss

    monkeypatch.setattr(history, "cross_entropy", lenient)
    assert failing("what_is_cut") == ["not cut: minibatches learned from before the engine refuses"]


# Its parts


@given(st.lists(st.integers(0, 2), min_size=12, max_size=40), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_counting_by_the_most_patient_reader(text, window):
    """One who notes for each beginning of a window what followed it, and answers by those shares."""
    found = samplings.counting(np.array(text), window)
    starts = range(len(text) - window)
    for t in range(1, window + 1):
        followed = defaultdict(Counter)
        for s in starts:
            followed[tuple(text[s : s + t])][text[s + t]] += 1
        cost = -sum(n * math.log(n / sum(c.values())) for c in followed.values() for n in c.values())
        assert found[t - 1] == pytest.approx(cost / len(starts), abs=1e-9)


def test_windows_begun_anew_one_by_one():
    text = beginnings.piece(1000)
    ids, window = text.training[:90], 6
    model = training.build(len(text.vocab), 9, np.random.default_rng(0))
    found = samplings.begun_anew(model, ids, window)
    each = []
    for s in range(ids.size - window):
        with no_grad():
            scores = model(ids[s : s + window, None])[0].data[:, 0].astype(np.float64)
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        each.append(-np.log(p[np.arange(window), ids[s + 1 : s + window + 1]]))
    assert found == pytest.approx(np.mean(each, axis=0), rel=1e-5)


def test_what_the_least_is_for_a_text_that_goes_round():
    """After two letters of abcabd… one knows all but what follows “ab”."""
    found = samplings.counting(np.array([0, 1, 2, 0, 1, 3] * 40), 4)
    assert found[0] == pytest.approx(math.log(2) / 3, abs=0.01)  # b is followed by c or by d
    assert found[3] == pytest.approx(0, abs=1e-9)


def test_the_loop_that_writes_is_the_projects():
    text = training.story()
    model = training.build(len(text.vocab), 20, np.random.default_rng(1))
    prefix = [int(i) for i in text.vocab.encode("The keeper")]
    with no_grad():
        found = warm.written(model, prefix, 12)
    drawn = sample(model, prefix, temperature=0, rng=np.random.default_rng(0))
    assert found == [next(drawn) for _ in range(12)]


def test_the_books_settings():
    """32 rows of 35 steps on 10,000 letters: 8 minibatches a pass, so 4,000 updates in 500 passes [D2L 8.5]."""
    book = training.setting(beginnings.BOOK_SIZE)
    assert (book.rows, book.window, book.units, book.rate, book.printed) == (32, 35, 512, 1.0, True)
    assert book.updates(10_000) == 4000
    assert training.setting(1000) == training.QUICK
    assert replace(book, passes=1).updates(10_000) == 8
    text = beginnings.piece(beginnings.BOOK_SIZE)
    assert text.training.size == 10_000
    assert len(text.vocab) == 28


def test_small_weights_are_small():
    model = training.build(50, 200, np.random.default_rng(0), small=True)
    for name, p in model.named_parameters():
        assert (0.0095 < p.data.std() < 0.0105) if p.ndim > 1 else not p.data.any(), name


def test_share_of_known_words():
    assert course.share("the cat sa", {"the", "dog"}) == 0.5  # the last word may not have ended
    assert course.share("", {"the"}) == 0


def test_what_is_dragged_along_by_hand():
    """57 nodes for a minibatch of ten steps: the first minibatch's graph, walked from a loss by hand."""
    model = history._model(np.random.default_rng(0))
    read = list(sequential_batches(training.story().training[:200], history.ROWS, history.WINDOW))[:2]
    first, second = history.losses(model, read, cut=True)
    seen, open_ = set(), [second.node]
    while open_:
        node = open_.pop()
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            open_ += [x.node for x in node.inputs]
    whole = history.losses(model, read, cut=False)[1]
    assert len(history.nodes(whole)) == 2 * len(history.nodes(first)) == 2 * len(seen)


def test_feelings_by_differences():
    """∂Lₛ/∂xₜ, nudging each entry of the one-hot vectors."""
    model = LanguageModel(len(machine.LETTERS), 5, dtype=np.float64, rng=np.random.default_rng(0))
    x, e = np.eye(len(machine.LETTERS))[machine.READ][:, None], 1e-6
    slopes = np.zeros((6, 6, x.shape[2]))
    for t in range(6):
        for i in range(x.shape[2]):
            nudge = np.zeros_like(x)
            nudge[t, 0, i] = e
            up, down = (machine.losses(model, Tensor(x + s * nudge)) for s in (1, -1))
            slopes[:, t, i] = [(a.item() - b.item()) / (2 * e) for a, b in zip(up, down, strict=True)]
    assert machine.feels(model) == pytest.approx(np.linalg.norm(slopes, axis=2), abs=1e-8)


def test_answers_are_probabilities_of_the_next_letter():
    model = LanguageModel(len(machine.LETTERS), 5, dtype=np.float64, rng=np.random.default_rng(0))
    found = machine.answers(model)
    assert found.sum(axis=1) == pytest.approx(np.ones(6))
    assert machine.WORD == "machine"
    with no_grad():
        loss = cross_entropy(model(machine.READ[:, None])[0], machine.ASKED[:, None]).item()
    assert -np.log(found[np.arange(6), machine.ASKED]).mean() == pytest.approx(loss)


def test_code_is_short():
    lesson_cases.check_code_is_short(LESSON, "update", "written")


@pytest.mark.parametrize("name", sorted(set(LESSON.experiments) - TRAINED))
def test_figures_fit_a_narrow_page(name):
    assert "…" not in lesson_cases.drawn(conduct(LESSON.experiments[name], seed=0))
