"""Corpora that a known source wrote: the stored text and its entropy, and the floor in the comparison."""

import math

import numpy as np
import pytest
from compare_cases import rows
from numpy.testing import assert_allclose

from data import entries, load
from data.tasks import held_key, noisy_sums

SOURCES = {"noisy-sums": (noisy_sums(), " abcdefg"), "held-key": (held_key(), " abc?12345678")}


def test_every_corpus_with_an_entropy_has_its_source_here():
    assert {entry.name for entry in entries() if entry.entropy is not None} == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_the_stored_text_is_the_source_s_and_its_entropy_is_right(name):
    source, letters = SOURCES[name]
    corpus = load(name)
    assert_allclose(corpus.entropy, source.entropy_rate, rtol=1e-14)
    nats = -source.log_probs([letters.index(letter) for letter in corpus.text])
    assert abs(nats.mean() - corpus.entropy) < 3 * nats.std() / math.sqrt(nats.size)
    pairs = np.array([letters.index(letter) for letter in corpus.text])
    joint = source.blocks(2)
    counted = np.histogram2d(pairs[:-1], pairs[1:], bins=len(letters))[0] / (pairs.size - 1)
    assert np.abs(counted - joint).max() < 0.01


def test_noisy_sums_have_the_entropy_of_their_three_ways():
    """Counted by hand for each pair before: where sum and step meet their shares add up."""
    size, rows_ = 8, []
    for older in range(size):
        for newer in range(size):
            p = [0.15 / size] * size
            p[(older + newer) % size] += 0.6
            p[(newer + 1) % size] += 0.25
            rows_.append(-sum(x * math.log(x) for x in p))
    source = noisy_sums()
    assert_allclose(source.entropy_rate, source.stationary @ np.array(rows_))
    assert source.floor(1) > source.floor(2) + 0.5
    assert_allclose(source.floor(2), source.entropy_rate)


def test_the_floor_stands_last_and_is_no_model(compare):
    found = rows(compare("--corpus", "noisy-sums", "--orders", "2-3", "--json"))
    assert list(found)[-1] == "entropy of the source"
    row, h = found["entropy of the source"], load("noisy-sums").entropy
    for part in ("development", "train", "held_out"):
        assert_allclose(row[f"{part}_perplexity"], math.exp(h))
    assert_allclose(row["bits_per_character"], h / math.log(2))
    assert row["order"] is row["smoothing"] is None
    assert found["kneser-ney 2"]["held_out_perplexity"] > 2 * row["held_out_perplexity"]
    assert found["kneser-ney 3"]["held_out_perplexity"] < 1.03 * row["held_out_perplexity"]
    lines = compare("--corpus", "noisy-sums", "--orders", "2-3")
    assert any(line.startswith(" entropy of the source") and f"{math.exp(h):.2f}" in line for line in lines)
    assert not any("lowest held-out: entropy" in line for line in lines)
    shown = " ".join(" ".join(lines).split())
    assert f"The source's entropy is {h / math.log(2):.3f} bits per character" in shown


@pytest.mark.parametrize("other", [["--clean", "d2l-v1"], ["--tokens", "word"]])
def test_there_is_no_floor_for_another_cleaning_or_kind_of_tokens(compare, other):
    found = rows(compare("--corpus", "held-key", "--orders", "1", "--smoothing", "mle", *other, "--json"))
    assert "entropy of the source" not in found
