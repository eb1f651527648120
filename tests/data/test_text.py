"""Cleanings, the vocabulary and the split, against counts made by hand and by `Counter`."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import CLEANINGS, DataError, Vocab, split

anything = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@pytest.mark.parametrize(
    ("cleaning", "expected"),
    [
        ("none", "Well,  \n\n sit-down!\x0cThe 3rd\n"),
        ("d2l-zh", "wellsit down the rd"),
        ("d2l-v1", "well sit down the rd "),
    ],
)
def test_cleanings_of_a_short_text(cleaning, expected):
    assert CLEANINGS[cleaning]("Well,  \n\n sit-down!\x0cThe 3rd\n") == expected


@given(anything)
def test_d2l_cleanings_leave_letters_and_spaces(text):
    letters = [c.lower() for c in text if c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    for cleaning in ("d2l-zh", "d2l-v1"):
        cleaned = CLEANINGS[cleaning](text)
        assert [c for c in cleaned if c != " "] == letters
        assert "  " not in cleaned


def test_a_vocabulary_by_hand():
    vocab = Vocab.from_text("banana b!")
    assert vocab.tokens == ("<unk>", "a", "b", "n", " ", "!")
    assert len(vocab) == 6
    assert vocab.encode("nab?").tolist() == [3, 1, 2, 0]
    assert vocab.encode("nab").dtype == np.int64
    assert vocab.decode(np.array([3, 1, 2, 0])) == "nab\ufffd"
    assert vocab.unknown("xanax, zany x") == "x,zy"


@given(anything)
def test_tokens_are_ordered_by_falling_frequency_then_code_point(text):
    expected = sorted(Counter(text).items(), key=lambda pair: (-pair[1], ord(pair[0])))
    assert Vocab.from_text(text).tokens == ("<unk>", *(token for token, _ in expected))


@given(anything, anything)
def test_encoding_is_looking_up_and_decoding_undoes_it(known, text):
    vocab = Vocab.from_text(known)
    ids = vocab.encode(text)
    assert ids.tolist() == [vocab.tokens.index(c) if c in vocab.tokens else 0 for c in text]
    assert vocab.decode(ids) == "".join(c if c in known else "\ufffd" for c in text)
    assert vocab.decode(vocab.encode(known)) == known
    assert vocab.unknown(text) == "".join(dict.fromkeys(c for c in text if c not in known))


def test_the_replacement_character_may_itself_be_a_token():
    vocab = Vocab.from_text("\ufffd")
    assert vocab.encode("\ufffd").tolist() == [1]
    assert vocab.decode([0, 1]) == "\ufffd\ufffd"


def test_equal_tokens_make_equal_vocabularies():
    vocab = Vocab.from_text("abba c")
    assert Vocab(vocab.tokens) == vocab
    assert hash(Vocab(vocab.tokens)) == hash(vocab)
    assert Vocab(list(vocab.tokens)) == vocab  # as JSON gives them back
    assert Vocab(("<unk>", "b", "a")) != Vocab(("<unk>", "a", "b"))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ((), "first token"),
        (("a", "<unk>"), "first token"),
        (("<unk>", "a", "b", "a"), "twice"),
        (("<unk>", "ab"), "'ab' is not a single character"),
        (("<unk>", ""), "'' is not a single character"),
        (("<unk>", 7), "7 is not a single character"),
        (("<unk>", "<unk>"), "not a single character"),
    ],
)
def test_a_saved_vocabulary_is_checked(tokens, message):
    with pytest.raises(DataError, match=message):
        Vocab(tokens)


@pytest.mark.parametrize("ids", [[-1], [6], [0, 5, 60], [1.0], [[1, 2]]])
def test_decoding_refuses_what_is_no_id(ids):
    with pytest.raises(DataError):
        Vocab.from_text("banana b!").decode(ids)


def test_decoding_nothing_gives_nothing():
    assert Vocab.from_text("ab").decode([]) == ""


@given(st.text(min_size=2), st.floats(0.001, 0.999))
def test_split_holds_the_last_part_out(text, fraction):
    cut = int(len(text) * fraction)
    if cut == 0:
        with pytest.raises(DataError, match="nothing to train on"):
            split(text, fraction)
        return
    training, held_out = split(text, fraction)
    assert training + held_out == text
    assert len(training) == cut < len(text)
    assert [part.tolist() for part in split(np.arange(len(text)), fraction)] == [
        list(range(cut)),
        list(range(cut, len(text))),
    ]


def test_a_fraction_splits_exactly():
    assert [len(part) for part in split("x" * 99, Fraction(8, 9))] == [88, 11]


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, float("nan")])
def test_split_refuses_fractions_outside_0_and_1(fraction):
    with pytest.raises(DataError, match="give one above 0 and below 1"):
        split("some text", fraction)


@pytest.mark.parametrize("text", ["", "a", "ab"])
def test_split_refuses_an_empty_training_part(text):
    with pytest.raises(DataError, match="nothing to train on"):
        split(text, 0.4)


@given(st.integers(2, 2**20))
def test_however_near_the_fraction_is_to_1_something_is_held_out(length):
    assert len(split(np.arange(length), 1 - 2**-53)[1]) == 1
