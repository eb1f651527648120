"""The parts of the lesson on n-grams by hand and by definition, and bars as they are drawn."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_cases import Brute

from cli.lab.figures import Bars
from cli.lessons.ngrams import counting, laplace, rows, sweeps, tail, writing
from cli.lessons.ngrams.book import Split
from cli.render.bars import bars
from rnn.baselines import NGram

LETTERS = "ab c"
texts = st.text(LETTERS, min_size=4, max_size=30)


@given(texts, st.text(LETTERS, min_size=1, max_size=3))
def test_grams_one_by_one(text, gram):
    assert counting.times(text, gram) == sum(text[i:].startswith(gram) for i in range(len(text)))
    found = counting.followers(text, gram)
    for letter in LETTERS:
        assert found[letter] == counting.times(text, gram + letter)


@given(texts, texts, st.integers(1, 4))
def test_what_is_ruled_out_is_what_has_probability_zero(text, rest, order):
    model = NGram(order, "mle").fit(ids_of(text), vocabulary=len(LETTERS))
    assert counting.ruled_out(text, rest, order) == np.isneginf(model.log_probs(ids_of(rest))).sum()


def ids_of(text):
    return np.array([LETTERS.index(c) for c in text], np.int64)


@given(texts, st.text(LETTERS, max_size=3))
@settings(deadline=None)
def test_the_drawn_lines_are_the_definition(text, context):
    brute = Brute(ids_of(text).tolist(), len(LETTERS), "d2l-chain", 4, epsilon=[Fraction(2)] * 4)
    expected = [float(brute.rule(tuple(ids_of(context).tolist()), w)) for w in range(len(LETTERS))]
    assert rows.drawn(text, context, LETTERS, 2.0) == pytest.approx(expected, abs=1e-12)


@given(texts, st.text(LETTERS, min_size=2, max_size=2))
@settings(deadline=None)
def test_the_lines_of_kneser_and_ney_are_the_definition(text, context):
    brute = Brute(ids_of(text).tolist(), len(LETTERS), "kneser-ney", 3)
    D = [float(brute._one_discount(brute.adjusted, k)[0]) for k in (1, 2, 3)]
    expected = [float(brute.rule(tuple(ids_of(context).tolist()), w)) for w in range(len(LETTERS))]
    assert tail.taken_off(text, context, LETTERS, D, 2) == pytest.approx(expected, abs=1e-12)


def test_who_stands_before():
    assert tail.fronts("abcab", "ab") == 2
    assert tail.fronts("aaaa", "aa") == 2
    assert tail.fronts("cabcab", "ab") == 1
    assert tail.fronts("abc", "x") == 0


def test_groups_by_hand():
    """0 0 1: (0, 0) and (0, 1) once. After 0, asked twice of three, all is given to 1; after 1 to 0."""
    split = Split(np.array([0, 0, 1]), np.array([0, 1, 0, 1]), 2)
    assert tail.seen_times(split).tolist() == [[1, 1], [0, 0]]
    found = tail.by_times(split, np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([2, 1]))
    assert found == pytest.approx([1 / 3, 2 / 3, 0, 0, 0, 0])
    assert tail.shares(split)["found"] == pytest.approx([1 / 3, 2 / 3, 0, 0, 0, 0])


def test_turns_by_hand():
    assert sweeps.turns([3, 2, 1]) == 0
    assert sweeps.turns([3, 2, 4]) == 1
    assert sweeps.turns([3, 2, 4, 1]) == 2


def test_new_grams_by_hand():
    assert writing.new_grams(np.array([0, 1, 1, 0]), np.array([0, 1, 0]), 2) == pytest.approx(1 / 3)


def test_the_tables_of_counts_by_hand():
    known = laplace.given(Split(np.array([0, 1, 0, 0]), np.array([0]), 2))
    assert known["n"].tolist() == [[3], [1]]
    assert known["C"].tolist() == [[1, 1], [1, 0]]
    assert known["D"].tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]


# Bars


def long(line):
    return sum("▏▎▍▌▋▊▉█".find(c) + 1 for c in line) / 8


@pytest.mark.parametrize("width", [20, 54, 120])
def test_bars_are_as_long_as_they_should_be(width):
    figure = Bars("title", (("a", "1.00", 1.0), ("bb", "12.00", 4.0), ("c", "∞", math.inf), ("d", "0", 0.0)), "end")
    title, _, one, four, never, none, _, end = bars(figure, width).plain.splitlines()
    assert (title, end) == ("title", "end")
    assert four.count("█") <= 40
    assert long(four) == pytest.approx(4 * long(one), abs=0.5)
    assert one.startswith("a    1.00  █")
    assert "█" not in never + none
    assert len(four) <= width


def test_bars_of_nothing_are_none():
    assert "█" not in bars(Bars("title", (("a", "0", 0.0),)), 54).plain
