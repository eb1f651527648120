"""The lesson on texts learned by heart: what is particular to it, and what breaks its claims."""

import math
import zlib
from collections import Counter
from dataclasses import replace
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.lab import beginnings, lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Excerpt, Table
from cli.lessons.memorisation import copies, heart, learnt, prompts, sizes, tables
from minigrad import Tensor
from rnn.baselines import NGram
from rnn.models import LanguageModel

LESSON = lessons.load("memorisation")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)


def untrained(characters, units, seed):
    """A network that has read nothing, wherever one asks."""
    model = LanguageModel(len(beginnings.piece(characters).vocab), 16, rng=np.random.default_rng(seed))
    marks = (learnt.Mark(400, 60.0, 60.0), learnt.Mark(800, 60.0, 60.5))
    return learnt.Learnt(model, model, marks)


@pytest.fixture
def blank(monkeypatch):
    for room in (heart, prompts, sizes):
        monkeypatch.setattr(room, "by_heart", untrained)


# What is wrong is noticed


def test_a_network_that_has_read_nothing_is_noticed(blank):
    assert failing("two_curves")[0] == "perplexity on the text that was read"
    assert fails("two_curves", "unread to read")
    assert fails("copied", "longest run that the network")
    assert fails("copied", "drawn letter by letter")
    assert fails("recall", "after sixteen")
    assert fails("room", "the largest, to that")
    assert fails("room", "numbers counted by hand")
    assert fails("stopped", "perplexity when stopped")


def test_counting_that_has_read_everything_is_noticed(blank, monkeypatch):
    """Kneser–Ney must have the same text as the network, and no more."""
    text = beginnings.piece(1000)
    whole = NGram(5, "laplace").fit(text.held_out, vocabulary=len(text.vocab))
    monkeypatch.setattr(heart, "kneser_ney", lambda text: whole)
    assert fails("stopped", "to that of Kneser")


def test_an_author_who_repeats_the_text_is_noticed(blank, monkeypatch):
    monkeypatch.setattr(heart, "parts", lambda text: (text.training, text.training))
    assert fails("copied", "the author repeats")


def test_pieces_that_lose_a_letter_are_noticed(blank, monkeypatch):
    right = heart.pieces
    monkeypatch.setattr(heart, "pieces", lambda written, source: right(written, source)[1:])
    assert fails("copied", "pieces put together")


def test_stopping_at_the_end_is_noticed(monkeypatch):
    """The network at the end in the place of the one that was stopped, and a curve that only falls."""
    found = untrained(1000, 128, 0)
    falling = (learnt.Mark(400, 60.0, 61.0), learnt.Mark(800, 60.0, 60.5))
    monkeypatch.setattr(heart, "by_heart", lambda *a: replace(found, marks=falling))
    assert fails("stopped", "updates until then")
    assert fails("stopped", "perplexity when stopped")
    assert fails("stopped", "longest copied run")


def test_recall_of_what_cannot_be_known_is_noticed(blank, monkeypatch):
    monkeypatch.setattr(prompts, "right", lambda model, given, wanted: 1.0)
    assert failing("recall") == ["after one letter", "more than is possible for anyone who has read no more"]


def test_nonsense_that_is_not_new_is_noticed(monkeypatch):
    text = np.random.default_rng(0).integers(27, size=200)
    model = LanguageModel(27, 8, rng=np.random.default_rng(0))
    table = NGram(8, "mle").fit(text, vocabulary=27)
    monkeypatch.setattr(sizes, "_on_nonsense", lambda seed: (learnt.Learnt(table, table, ()), text, text))
    assert failing("nonsense") == ["on other nonsense, to that of one who knows how it was drawn"]
    monkeypatch.setattr(sizes, "_on_nonsense", lambda seed: (learnt.Learnt(model, model, ()), text, text[::-1]))
    assert fails("nonsense", "nonsense that was read")


def test_tables_that_are_short_are_noticed(monkeypatch):
    right = tables.NGram
    monkeypatch.setattr(tables, "NGram", lambda order, smoothing: right(min(order, 3), smoothing))
    assert {"plain counts of eight letters, on their own text", "the same, smoothed",
            "smoothed: unread to read", "longest run that plain counts copy"} <= set(failing("tables"))  # fmt: skip


def test_tables_that_have_read_on_are_noticed(monkeypatch):
    """Counted from the part held out as well: nothing is impossible then."""
    right = tables.NGram

    class Read(right):
        def fit(self, ids, *, vocabulary):
            return super().fit(np.concatenate([ids, tables.piece(10_000).held_out]), vocabulary=vocabulary)

    monkeypatch.setattr(tables, "NGram", Read)
    assert fails("tables", "plain counts say cannot be")
    assert fails("tables", "smoothed: unread to read")


# Its parts


LETTERS = st.text("ab", max_size=14)


@given(LETTERS, LETTERS)
@settings(max_examples=150, deadline=None)
def test_longest_by_all_substrings(written, source):
    every = {written[i:j] for i in range(len(written)) for j in range(i, len(written) + 1)}
    best = max((run for run in every if run in source), key=len, default="")
    found = copies.longest(written, source)
    assert len(found) == len(best)
    assert found in written
    assert found in source


@given(LETTERS, LETTERS)
@settings(max_examples=150, deadline=None)
def test_pieces_are_as_few_as_can_be(written, source):
    """By trying every way to cut: fewest[n] pieces make the first n letters."""
    found = copies.pieces(written, source)
    assert "".join(found) == written
    assert all(piece in source or len(piece) == 1 for piece in found)
    fewest = [0]
    for end in range(1, len(written) + 1):
        ways = (b for b in range(end) if end - b == 1 or written[b:end] in source)
        fewest.append(1 + min(fewest[b] for b in ways))
    assert len(found) == fewest[-1]


def test_a_copy_is_found_where_a_compressor_finds_it():
    """What a text has in common with another makes it short for zlib, given the other as a dictionary."""
    source = "the trunk went down and the rope went slack and the boat rolled over "
    sent = {"copy": source[9:50], "own": "zebras graze quickly by five huge oxen jumped"}
    length = {}
    for name, text in sent.items():
        packer = zlib.compressobj(9, zdict=source.encode())
        length[name] = len(packer.compress(text.encode()) + packer.flush())
    assert (length["copy"] < length["own"]) == (
        len(copies.pieces(sent["copy"], source)) < len(copies.pieces(sent["own"], source))
    )
    assert copies.longest("xx" + sent["copy"] + "yy", source) == sent["copy"]


@pytest.mark.parametrize("units", [1, 7, 40])
def test_parameters_counted_by_hand(units):
    model = LanguageModel(13, units, rng=np.random.default_rng(0))
    assert sizes.size(units, 13) == sum(p.size for p in model.parameters())


class Counting:
    """After any letter comes the next in the alphabet; its state is nothing."""

    vocabulary = 5

    def __call__(self, ids, state=None):
        return Tensor(np.eye(5)[(ids + 1) % 5]), None


def test_recall_by_hand():
    ids = np.array([0, 1, 2, 3, 4] * 4 + [0, 2, 4, 1])
    places = np.array([2, 7, 19])
    given, wanted = prompts.around(ids, places, -2, 0), prompts.around(ids, places, 0, 3)
    assert given.T.tolist() == [[0, 1], [0, 1], [2, 3]]
    assert wanted.T.tolist() == [[2, 3, 4], [2, 3, 4], [4, 0, 2]]
    assert prompts.right(Counting(), given, wanted) == pytest.approx(2 / 3)
    assert prompts.right(Counting(), given, wanted[:2]) == 1


@given(st.lists(st.integers(0, 1), min_size=8, max_size=30), st.integers(1, 3), st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_the_best_anybody_can_do(text, known, asked):
    ids, places = np.array(text), np.arange(known, len(text) - asked + 1)
    seen = [(tuple(text[p - known : p]), tuple(text[p : p + asked])) for p in places]
    best = sum(max(n for (c, _), n in Counter(seen).items() if c == context) for context in {c for c, _ in seen})
    found = prompts.best(prompts.around(ids, places, -known, 0), prompts.around(ids, places, 0, asked))
    assert found == pytest.approx(best / len(places))


def test_one_letter_is_altered():
    given = np.random.default_rng(0).integers(5, size=(16, 40))
    found = prompts.altered(given, 5, np.random.default_rng(1))
    assert ((found != given).sum(axis=0) == 1).all()
    assert (found >= 0).all()
    assert (found < 5).all()


def test_the_network_that_is_kept_is_the_best_on_unread_text(monkeypatch):
    monkeypatch.setattr(learnt, "QUICK", replace(learnt.QUICK, updates=200, rate=0.03))
    text = beginnings.piece(500)
    unread, _ = learnt.parts(text)
    found = learnt.learn(text.training, unread, len(text.vocab), 24, np.random.default_rng(0))
    assert [mark.step for mark in found.marks] == list(range(8, 201, 8))
    assert found.best.development == min(mark.development for mark in found.marks)
    assert learnt.on(found.stopped, unread) == pytest.approx(found.best.development, rel=1e-6)
    assert learnt.on(found.stopped, text.training) == pytest.approx(found.best.text, rel=1e-6)
    assert learnt.on(found.model, text.training) == pytest.approx(found.marks[-1].text, rel=1e-6)
    assert found.best.step < 200


def test_the_parts_do_not_overlap():
    text = beginnings.piece(1000)
    choose, report = learnt.parts(text)
    assert (np.concatenate([choose, report]) == text.held_out[: choose.size + report.size]).all()
    assert text.training.size == 1000


def test_perplexity_of_a_table_by_hand():
    """“aab” twice: after a comes a or b, after b comes a."""
    ids = np.array([0, 0, 1, 0, 0, 1])
    table = NGram(2, "mle").fit(ids, vocabulary=2)
    nats = -(math.log(4 / 6) + 4 * math.log(1 / 2) + math.log(1)) / 6
    assert learnt.on(table, ids) == pytest.approx(math.exp(nats))


# What is shown


def test_code_is_short():
    lesson_cases.check_code_is_short(LESSON, "longest", "pieces")


def test_bars_stand_between_pieces(blank):
    """Those of the page put together are the beginning of what was written."""
    figures = conduct(LESSON.experiments["copied"], seed=0).figures
    author = next(f for f in figures if isinstance(f, Excerpt) and f.caption == "the author, elsewhere")
    text = beginnings.piece(1000)
    read = text.vocab.decode(learnt.parts(text)[1][: heart.SHOWN])
    assert author.text.replace("|", "") == read.replace("\n", " ")
    assert author.text.count("|") + 1 == len(copies.pieces(read, text.vocab.decode(text.training)))
    assert isinstance(figures[-1], Table)


@pytest.mark.parametrize("name", ["two_curves", "copied", "recall", "room", "stopped", "tables"])
def test_figures_fit_a_narrow_page(name, blank):
    assert "…" not in lesson_cases.drawn(conduct(LESSON.experiments[name], seed=0))
