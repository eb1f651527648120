"""The lesson on text as numbers: what is particular to it, and what breaks its claims."""

from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesson_cases import check_code_is_short, drawn

import data
import data.corpus
from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lessons.text import cleaning, corpora, names, numbering, padding, steps, story
from data import UNKNOWN, Padded, Vocab
from data.text import cleaned

LESSON = lessons.load("text")
failing = partial(lesson_cases.failing, LESSON)
words = st.text("abé␣", min_size=1, max_size=6)


# What is wrong is noticed


def test_ids_that_are_off_by_one_are_noticed(monkeypatch):
    monkeypatch.setattr(Vocab, "decode", lambda self, ids: " ".join(self.tokens[i - 1] for i in ids))
    assert failing("one_sentence") == ["from ids back to text: words that have changed"]


def test_one_id_for_two_words_is_noticed(monkeypatch):
    real = Vocab.encode
    monkeypatch.setattr(Vocab, "encode", lambda self, text: real(self, text) // 50)
    assert "different tokens less different ids" in failing("one_sentence")


def test_a_vocabulary_in_another_order_is_noticed(monkeypatch):
    real = Vocab.from_text.__func__

    def turned(cls, text, kind="char", **options):
        vocab = real(cls, text, kind, **options)
        return Vocab((*vocab.tokens[:1], *vocab.tokens[:0:-1]), kind, vocab.reserved)

    monkeypatch.setattr(Vocab, "from_text", classmethod(turned))
    assert len(failing("by_frequency")) == 3
    assert failing("min_frequency") == ["words numbered by the function otherwise, at least frequency 2"]


def test_a_least_frequency_that_is_missed_by_one_is_noticed(monkeypatch):
    real = Vocab.from_text.__func__

    def late(cls, text, kind="char", *, min_freq=1, reserved=()):
        return real(cls, text, kind, min_freq=min_freq + 1, reserved=reserved)

    monkeypatch.setattr(Vocab, "from_text", classmethod(late))
    assert len(failing("min_frequency")) >= 3


def test_unknown_words_that_are_taken_for_known_ones_are_noticed(monkeypatch):
    real = Vocab.encode
    monkeypatch.setattr(Vocab, "encode", lambda self, text: np.maximum(real(self, text), 1))
    assert "words misread: known and changed, or unknown and not <unk>" in failing("unknown")


def test_pieces_that_are_cleaned_alone_are_noticed(monkeypatch):
    monkeypatch.setattr(cleaning, "cleaned_pieces", lambda pieces, way, kind: (cleaned(p, way, kind) for p in pieces))
    assert failing("in_pieces") == ["cleaned as one text: tokens that differ from the whole text's"]


def test_a_cleaning_that_glues_no_words_is_noticed(monkeypatch):
    monkeypatch.setitem(cleaning.CLEANINGS, "d2l-zh", cleaning.CLEANINGS["d2l-v1"])
    assert len(failing("cleanings")) == 2


def test_padding_that_is_an_unknown_word_is_noticed(monkeypatch):
    monkeypatch.setattr(padding, "PAD", UNKNOWN)
    monkeypatch.setattr(Vocab, "__post_init__", lambda self: None)
    monkeypatch.setattr(padding, "padded", careless)
    assert "padded with an id of its own: words lost" in failing("padding")
    assert "the project refuses to pad with an id that words have" in failing("padding")


def careless(rows, pad):
    """Padding without a look at what is padded."""
    ids = np.full((len(rows), max(map(len, rows))), pad)
    for row, place in zip(rows, ids, strict=True):
        place[: len(row)] = row
    return Padded(ids, np.array([len(row) for row in rows]))


def test_a_layer_that_takes_ids_for_amounts_is_noticed(monkeypatch):
    real = names._states

    def amounts(layer, x):
        return real(layer, np.eye(layer.input_size)[x] * x[:, None] if x.ndim == 1 else x)

    monkeypatch.setattr(names, "_states", amounts)
    assert len(failing("names")) == 2


def test_miscounted_words_are_noticed(monkeypatch):
    monkeypatch.setattr(corpora, "_LETTERS", corpora.re.compile("[A-Za-z']+"))
    assert failing("counts")[0].startswith("corpora counted in two ways")


# The corpora


def test_a_text_that_is_not_here_or_not_itself_is_named_with_the_way_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "timemachine.txt").write_text("not The Time Machine")
    result = conduct(LESSON.experiments["counts"], seed=0)
    assert result.figures[0].rows[1:] == (("time-machine", *[None] * 3), ("tiny-shakespeare", *[None] * 3))
    assert "rnn-lab data fetch time-machine\nrnn-lab data fetch tiny-shakespeare" in result.figures[-1].text
    assert len(result.claims) == 3


@pytest.mark.skipif(data.corpus.find("time-machine").path is None, reason="the text is not here")
def test_the_time_machine_as_it_is_printed():
    found, lost = corpora.by_vocabulary(data.load("time-machine", clean="none").text)
    assert lost == 0
    assert found[:5] == (170_580, 28, 3_221, 32_775, 4_579)
    assert round(found.once / found.distinct, 2) == 0.52
    assert [c.sentence for c in conduct(LESSON.experiments["counts"], seed=0).claims][-1].startswith("The Time Machine")


def test_counts_by_hand():
    text = "The sea, the sky.\n\n1 SEA!\nA sea\n"
    expected = corpora.Counts(23, 9, 4, 7, 4, (("sea", 3), ("the", 2), ("a", 1), ("sky", 1)), 2)
    assert corpora.by_line(text) == expected
    assert corpora.by_vocabulary(text) == (expected, 0)
    assert corpora.by_vocabulary(text + "b")[0].off(expected) > 0


def test_what_differs_in_the_counts_adds_up():
    one = corpora.D2L
    assert one.off(one) == 0
    assert one.off(one._replace(words=one.words + 2, lines=one.lines - 1)) == 3
    assert one.off(one._replace(frequent=(("the", 2260), *one.frequent[1:]))) == 2
    assert one._replace(once=5).off(one) == 0
    assert one._replace(once=5).off(one._replace(once=7)) == 2


# The pieces


def test_sentences_by_hand():
    text = 'Chapter One: It\n\n"Mr. Coad?" she said. 12.\nHe was\nout! Mrs. Coad was in.'
    expected = ["chapter one it", "mr coad", "she said", "he was", "out", "mrs coad was in"]
    assert story.sentences(text) == expected
    assert " ".join(story.sentences(story.raw())) == cleaned(story.raw(), "d2l-v1", "word").strip()


def test_both_parts_are_the_story():
    training, held_out = story.parts()
    assert training + held_out == cleaned(story.raw(), "d2l-v1", "word")


@given(st.lists(st.tuples(words, words), min_size=1, max_size=30))
def test_cells_stand_below_each_other_and_none_is_lost(cells):
    one, other = (
        list(row) for row in zip(*[(a.replace(" ", "_"), b.replace(" ", "_")) for a, b in cells], strict=True)
    )
    lines = [line for line in steps.aligned(("x", "yy"), one, other, room=20).splitlines() if line]
    above, below = lines[0::2], lines[1::2]
    assert [cell for line in above for cell in line.split()[1:]] == one
    assert [cell for line in below for cell in line.split()[1:]] == other
    assert max(map(len, lines)) <= 4 + 20
    for a, b in zip(above, below, strict=True):
        assert starts(a) == starts(b)


def starts(line):
    return [i for i, c in enumerate(line) if c != " " and (i == 0 or line[i - 1] == " ")]


def test_what_has_changed():
    assert steps.changed("abc", "abc") == 0
    assert steps.changed("abc", "axcd") == 2
    assert steps.changed("", "ab") == 2


def test_words_numbered_by_hand():
    assert numbering.numbered(["b", "a", "b", "c", "a", "d"]) == {UNKNOWN: 0, "a": 1, "b": 2, "c": 3, "d": 4}
    assert numbering.numbered(["b", "a", "b", "c", "a", "d"], 2) == {UNKNOWN: 0, "a": 1, "b": 2}
    vocab = Vocab((UNKNOWN, "a", "b"), "word")
    assert numbering.differing({UNKNOWN: 0, "a": 1, "b": 2}, vocab) == 0
    assert numbering.differing({UNKNOWN: 0, "a": 2, "b": 1}, vocab) == 4
    assert numbering.differing({UNKNOWN: 0, "a": 1}, vocab) == 1


def test_the_share_that_is_unknown():
    assert numbering.share_unknown("a b a", "a c d b", "word") == (3, 0.5)
    assert numbering.share_unknown("ab", "abcd", "char") == (3, 0.5)
    assert numbering.share_unknown("ab", "é", "byte") == (256, 0.0)


# What is shown


@pytest.mark.parametrize("name", LESSON.experiments)
def test_no_table_is_cut_short_where_no_texts_are(name, monkeypatch, tmp_path):
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    assert "…" not in drawn(conduct(LESSON.experiments[name], seed=0)).replace(" …", "")


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "numbered")
