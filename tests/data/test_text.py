"""Cleanings and splits, against results made by hand and by other means."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import CLEANINGS, DataError, development, split, split_text
from data.text import cleaned

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


@given(st.text(min_size=2))
def test_the_development_part_is_the_last_ninth_of_the_training_part(text):
    fitted, rest = development(text)
    assert fitted + rest == text
    assert len(fitted) == len(text) * 8 // 9
    assert rest


@pytest.mark.parametrize("text", ["", "a"])
def test_too_short_a_training_part_has_no_development_part(text):
    with pytest.raises(DataError, match=f"of {len(text)} tokens has no development part"):
        development(text)


def test_after_a_split_of_9_tenths_development_and_held_out_parts_are_alike():
    training, held_out = split(np.arange(1000), 0.9)
    fitted, rest = development(training)
    assert (len(fitted), len(rest), len(held_out)) == (800, 100, 100)


@given(anything, st.sampled_from(["none", "d2l-zh", "d2l-v1"]))
def test_words_do_not_meet_where_a_line_ends_and_letters_are_the_same(text, cleaning):
    for kind in ("char", "byte"):
        assert cleaned(text, cleaning, kind) == CLEANINGS[cleaning](text)
    words = cleaned(text, cleaning, "word").split()
    assert "".join(words) == "".join(CLEANINGS[cleaning](text).split())
    if cleaning != "none":  # line by line or at once: the words are the same
        assert words == CLEANINGS["d2l-v1"](text).split()


words_apart = st.text(st.sampled_from("ab \n\x0c\u2028\u00a0😀"), min_size=2, max_size=30)


@given(words_apart, st.floats(0.01, 0.99))
def test_a_split_between_words_is_the_split_moved_to_the_end_of_its_word(text, fraction):
    place = int(len(text) * fraction)
    while 0 < place < len(text) and not text[place - 1].isspace() and not text[place].isspace():
        place += 1
    if not text[:place].split() or not text[place:].split():
        with pytest.raises(DataError, match="leaves n"):
            split_text(text, fraction, "word")
        return
    training, held_out = split_text(text, fraction, "word")
    assert (training, held_out) == (text[:place], text[place:])
    assert training.split() + held_out.split() == text.split()


@given(words_apart, st.floats(0.1, 0.9))
def test_characters_and_bytes_are_split_where_characters_are(text, fraction):
    if int(len(text) * fraction):
        for kind in ("char", "byte"):
            assert split_text(text, fraction, kind) == split(text, fraction)
