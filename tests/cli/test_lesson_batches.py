"""The lesson on minibatches: what is particular to it, and what breaks its claims."""

import math
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_code_is_short

from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Pieces
from cli.lessons.batches import (
    alike,
    coloured,
    four,
    language,
    nothing,
    numbers,
    offsets,
    persons,
    rows,
    state,
    together,
)
from cli.render.figures import draw
from data import Continued, Minibatch, Padded, padded, sequential_batches, stateful_batches
from minigrad import Tensor

LESSON = lessons.load("batches")
# A network trained by a broken program stays in the cache, so such a test needs a seed of its own.
failing = partial(lesson_cases.failing, LESSON)


# What is wrong is noticed


def test_rows_that_see_each_other_are_noticed(monkeypatch):
    class Leaking(together.RNN):
        def __call__(self, x, state=None, lengths=None):
            output, last = super().__call__(x, state, lengths)
            return output + 0.01 * output.mean(axis=1, keepdims=True), last

    monkeypatch.setattr(together, "RNN", Leaking)
    assert failing("rows_together") == ["a row read with others, against itself alone"]


def test_targets_in_the_wrong_place_are_noticed(monkeypatch):
    def late(*arguments, **options):
        return (Minibatch(m.inputs, m.targets + 1) for m in sequential_batches(*arguments, **options))

    for module in (together, numbers):
        monkeypatch.setattr(module, "sequential_batches", late)
    assert failing("rows_together") == ["targets that are not the next input"]
    assert failing("in_sequence") == ["targets that are not as printed"]


def test_windows_that_overlap_are_noticed(monkeypatch):
    def overlapping(ids, batch, window, *, rng=None, offset=None):
        return (Minibatch(m.inputs - (k > 0), m.targets - (k > 0))
                for k, m in enumerate(sequential_batches(ids, batch, window, rng=rng, offset=offset)))  # fmt: skip

    for module in (numbers, coloured, offsets):
        monkeypatch.setattr(module, "sequential_batches", overlapping)
    assert "rows that do not go on where they ended" in failing("in_sequence")
    assert "the whole story in sequence: rows that do not go on" in failing("coloured")
    assert "how often one pass asks for the same token" in failing("labels")


def test_random_windows_in_order_are_noticed(monkeypatch):
    def drawn(ids, batch, window, *, rng, offset, starts=None):
        return sequential_batches(ids, batch, window, offset=offset)

    for module in (numbers, coloured):
        monkeypatch.setattr(module, "random_batches", drawn)
    assert "inputs that are not as printed" in failing("at_random")
    assert failing("coloured") == ["at random: rows that go on, as a share"]


def test_an_offset_that_does_not_move_is_noticed(monkeypatch):
    def fixed(ids, batch, window, *, rng=None, offset=None):
        return sequential_batches(ids, batch, window, offset=0)

    monkeypatch.setattr(offsets, "sequential_batches", fixed)
    assert "over all offsets: numbers after 0 that are never targets" in failing("labels")


def test_a_wrong_function_on_the_page_is_noticed(monkeypatch):
    right = numbers.starts_in_sequence
    monkeypatch.setattr(numbers, "starts_in_sequence", lambda n, rows, steps, offset: right(n + 1, rows, steps, offset))
    assert failing("in_sequence") == ["the function above against the project: 200 random sizes, differences"]


def test_a_state_that_is_not_carried_is_noticed(monkeypatch):
    right = state.in_turn
    monkeypatch.setattr(state, "in_turn", lambda layer, minibatches, carry: right(layer, minibatches, not carry))
    assert set(failing("between_minibatches")) == {
        "carried: states off from reading in one go", "anew: off at the first step of the second",
    }  # fmt: skip


def test_a_state_with_its_history_is_noticed(monkeypatch):
    monkeypatch.setattr(state, "detached", lambda last: last)
    assert failing("between_minibatches") == ["cut: what the last state feels of the first minibatch"]


def test_padding_in_front_is_noticed(monkeypatch):
    def in_front(sentences, pad=0):
        batch = padded(sentences, pad)
        return Padded(batch.ids[:, ::-1].copy(), batch.lengths)

    monkeypatch.setattr(four, "padded", in_front)
    assert "ids that are not as printed" in failing("four_sentences")


@pytest.fixture
def quick(monkeypatch):
    """Without the equations, which have tests of their own."""
    monkeypatch.setattr(nothing, "_masked", lambda rng: 0.0)


@pytest.mark.parametrize("wrong", ["lengths", "mask"])
def test_padding_that_counts_is_noticed(wrong, quick, monkeypatch):
    """The layer is not told the lengths and all is asked for; or it is told, and all is asked for."""

    def loss(layer, head, inputs, targets):
        lengths = None if wrong == "lengths" else inputs.lengths
        scores, last = layer(inputs.ids.T, lengths=lengths)
        return nothing.cross_entropy(head(scores), targets.ids.T) + 0 * last.sum()

    monkeypatch.setattr(nothing, "over_words", loss)
    monkeypatch.setitem(nothing.MEANS, "words", loss)
    assert "over words: gradients change by" in failing("nothing")


def test_last_states_after_the_padding_are_noticed(quick, monkeypatch):
    class Deaf(nothing.RNN):
        def __call__(self, x, state=None, lengths=None):
            return super().__call__(x, state)

    monkeypatch.setattr(nothing, "RNN", Deaf)
    assert "last states, against those of each sentence alone" in failing("nothing")


def test_sentences_that_get_lost_are_noticed(monkeypatch):
    right = alike.padded_batches
    monkeypatch.setattr(alike, "padded_batches", lambda *a, **k: list(right(*a, **k))[:-1])
    assert failing("alike") == ["sentences that one of the ways loses or repeats"]


def test_lengths_that_are_not_alike_are_noticed(monkeypatch):
    right = alike.padded_batches
    monkeypatch.setattr(alike, "padded_batches", lambda *a, alike=False, **k: right(*a, **k))
    assert failing("alike") == ["of like lengths: padding, as a share of that when shuffled"]


def test_documents_in_the_wrong_row_are_noticed(monkeypatch):
    def crossed(documents, batch, *, pad=0):
        for k, m in enumerate(stateful_batches(documents, batch, pad=pad)):
            turn = np.roll(np.arange(len(m.fresh)), k)
            yield Continued(m.ids[turn], m.lengths[turn], m.fresh[turn])

    monkeypatch.setattr(rows, "stateful_batches", crossed)
    assert failing("documents_in_rows") == ["sentences that do not follow the one before in their row"]


def test_a_beginning_that_is_not_marked_is_noticed(monkeypatch):
    def unmarked(documents, batch, *, pad=0):
        return (m._replace(fresh=m.fresh & (k == 0)) for k, m in enumerate(stateful_batches(documents, batch, pad=pad)))

    monkeypatch.setattr(rows, "stateful_batches", unmarked)
    assert len(failing("documents_in_rows")) == 2


@pytest.fixture
def carried():
    """Its networks are trained by the right program, and stay in the cache; what follows breaks the evaluation."""
    assert failing("carried") == []


def test_a_loop_that_drops_the_state_is_noticed(carried, monkeypatch):
    monkeypatch.setattr(persons, "begin", lambda last, fresh: None)
    assert "carried: nats at he and she" in failing("carried")


def test_a_state_that_is_never_begun_anew_is_noticed(carried, monkeypatch):
    right = persons.begin
    monkeypatch.setattr(persons, "begin", lambda last, fresh: right(last, np.zeros_like(fresh)))
    assert "past the end, as a multiple of carried: nats at names" in failing("carried")


def test_a_state_that_is_kept_where_it_should_not_is_noticed(carried, monkeypatch):
    trained, start = persons.trained, persons.start
    monkeypatch.setattr(persons, "trained", lambda way, *more: trained("carried", *more))
    monkeypatch.setattr(persons, "start", lambda way, *more: start("carried" if way == "anew" else way, *more))
    assert failing("carried") == [
        "anew each sentence: nats at he and she", "carried, as a share of anew: nats at all words",
    ]  # fmt: skip


def test_a_state_that_stays_in_its_row_is_noticed(carried, monkeypatch):
    start = persons.start
    monkeypatch.setattr(persons, "start", lambda way, *more: start("carried" if way == "another row" else way, *more))
    assert failing("carried") == ["carried to another row: nats at he and she"]


def test_an_untrained_network_is_noticed(monkeypatch):
    monkeypatch.setattr(persons, "_minibatches", lambda number, rng: iter(()))
    assert "carried: nats at he and she" in failing("carried", seed=93)


# The numbers and the story


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 60), st.data())
def test_rows_in_sequence_by_brute_force(batch, window, more, data):
    offset = data.draw(st.integers(0, window - 1))
    n = offset + batch * window + 1 + more
    stretches = np.array_split(np.arange(offset, n - 1)[: (n - 1 - offset) // batch * batch], batch)
    expected = [[s[k] for s in stretches] for k in range(0, len(stretches[0]) // window * window, window)]
    found = numbers.starts_in_sequence(n, batch, window, offset)
    assert [starts.tolist() for starts in found] == [list(map(int, e)) for e in expected]


def test_targets_are_counted():
    passes = offsets.passes(np.random.default_rng(0))
    counts = offsets.asked(passes["sequential"], 8, 1, 3)
    assert counts.tolist() == [[0, 1, 1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 0, 0]]
    assert offsets.asked(passes["random"], 8, 1, 3).tolist() == counts.tolist()


def test_rows_that_go_on():
    ids = np.arange(41)
    assert coloured.goes_on(sequential_batches(ids, 2, 5, offset=0)) == 1
    assert coloured.goes_on(list(sequential_batches(ids, 2, 5, offset=0))[::-1]) == 0


@pytest.mark.parametrize("offset", [0, 3])
def test_the_pieces_put_together_are_the_text(offset):
    result = conduct(LESSON.experiments["coloured"], seed=1, settings={"offset": offset, "rows": 3, "window": 7})
    text = "The Lighthouse\n\nChapter One: The Trunk\n\nThe trunk went into the sea because"
    for figure in result.figures:
        assert "".join(piece for piece, _ in figure.pieces) == text[offset : offset + 63].replace(" ", "␣").replace(
            "\n", "⏎"
        )
        assert sorted(k for _, k in figure.pieces) == [1] * 3 + [2] * 3 + [3] * 3
        left = text[:offset] + (" and " if offset else "") + text[offset + 63].replace(" ", "␣")
        assert f"left over: {left}\n" in figure.caption


# The small language


def test_documents_come_in_pairs_that_differ_in_who_it_is():
    found = language.documents(20, np.random.default_rng(0))
    she, he = (language.VOCAB.ids_of(list(w)).tolist() for w in (language.PEOPLE, reversed(language.PEOPLE)))
    for one, other in zip(found[0::2], found[1::2], strict=True):
        for a, b in zip(one, other, strict=True):
            assert [w for w in a if w in language.PRONOUNS] != [] or a is one[0]
            assert a[[0, 2, 4, 5]].tolist() == b[[0, 2, 4, 5]].tolist()
            assert (a[[1, 3]] != b[[1, 3]]).all()
    assert she != he


def test_the_best_loss_by_brute_force():
    """Every document of two sentences, each token's chance counted among those that begin like it."""
    every = [
        [*a, *b]
        for p in language.PEOPLE for n in range(3) for v in range(9) for w in range(9)
        for a, b in [language.encoded(language.document(p, n, [divmod(v, 3), divmod(w, 3)]))]
    ]  # fmt: skip
    nats = []
    for text in every:
        alike_so_far = every
        for t, word in enumerate(text):
            follow = [other for other in alike_so_far if other[t] == word]
            if word != language.BOS_ID:
                nats.append(math.log(len(alike_so_far) / len(follow)))
            alike_so_far = follow
    documents = [language.encoded(language.document("he", 0, [(0, 0), (1, 1)]))]
    assert language.floor(documents) == pytest.approx(np.mean(nats))


def test_what_rows_begin_with():
    old = Tensor(np.arange(1.0, 7.0).reshape(1, 3, 2), requires_grad=True)
    found = persons.begin(old * 1.0, np.array([True, False]))
    assert found.data.tolist() == [[[0, 0], [3, 4]]]
    assert not found.requires_grad
    assert persons.begin(None, np.array([False])) is None
    assert persons.begin(old, np.array([True])) is None


def test_the_coin_is_a_bound_for_whoever_begins_anew():
    """Whatever the weights: as many he as she, and the same scores for both."""
    for seed in range(5):
        network = persons.Reader(4, np.random.default_rng(seed))
        assert persons.asked(network, "anew", seed)["he, she"] >= math.log(2)


def test_a_broken_order_is_counted():
    def batch(*ids, fresh):
        return Continued(np.array(ids)[:, None], np.ones(len(ids), int), np.array(fresh))

    good = [batch(1, 11, fresh=[True, True]), batch(2, 21, fresh=[False, True])]
    assert rows.broken(good) == 0
    assert rows.broken([good[0], batch(12, 21, fresh=[False, True])]) == 1
    assert rows.broken([good[0], batch(2, 21, fresh=[False, False])]) == 1


# What is shown


def test_pieces_bear_the_number_of_their_minibatch():
    figure = Pieces((("ab", 1), ("cd", 2), ("ef", 3), ("g", 0), ("hi", 1)), 3, "caption")
    assert draw(figure, 54).plain == "1│ab  2│cd  3│ef\n·│g  1│hi\n\ncaption"
    assert draw(figure, 10).plain.splitlines()[:3] == ["1│ab  2│cd", "3│ef  ·│g", "1│hi"]
    assert draw(figure, 3).plain.splitlines()[:2] == ["1│ab", "2│cd"]
    styles = {draw(figure, 54).plain[s.start : s.end]: s.style for s in draw(figure, 54).spans}
    assert styles["ab"] == styles["hi"] == "cyan"
    assert len({styles["ab"], styles["cd"], styles["ef"], styles["g"]}) == 4


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "starts_in_sequence", "in_turn", "over_words", "begin")
