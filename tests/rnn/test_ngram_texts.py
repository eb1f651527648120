"""The reference figures of SEEDS section C, on the texts themselves: skipped where they are not at hand."""

import os
from pathlib import Path

import numpy as np
import pytest

from data import CLEANINGS, Vocab, split
from rnn.baselines import SMOOTHINGS, NGram
from rnn.baselines.smoothing import SCORES, SHORT
from rnn.metrics import evaluate

FOLDER = Path(os.environ.get("RNN_LAB_DATA", "nowhere"))


def read(name):
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"there is no {name} in RNN_LAB_DATA")
    return path.read_text(encoding="utf-8")


def numbered(text, fraction=0.9):
    """(training, held out, V): V counts <unk>, which never occurs."""
    vocab = Vocab.from_text(text)
    return *split(vocab.encode(text), fraction), len(vocab)


@pytest.fixture(scope="module")
def time_machine():
    """D2L's cleaning of v0.17: 170,580 characters, 28 symbols; the last tenth is held out."""
    return numbered(CLEANINGS["d2l-zh"](read("timemachine.txt")))


def perplexity(parts, order, smoothing, **settings):
    """Held-out perplexity, the context carried along; the first characters held out have a short one."""
    training, held_out, vocabulary = parts
    model = NGram(order, smoothing, **settings).fit(training, vocabulary=vocabulary)
    return evaluate(model, held_out, rng=np.random.default_rng(0)).perplexity


@pytest.mark.parametrize(
    ("order", "smoothing", "printed"),
    [
        (6, "kneser-ney", 4.33),
        (6, "modified-kneser-ney", 4.20),
        (7, "modified-kneser-ney", 4.18),
        (8, "modified-kneser-ney", 4.20),
        (5, "witten-bell", 4.69),
    ],
)
def test_time_machine(time_machine, order, smoothing, printed):
    assert perplexity(time_machine, order, smoothing) == pytest.approx(printed, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "smoothing", "nats"),
    [(6, "kneser-ney", 1.558), (6, "modified-kneser-ney", 1.523), (7, "modified-kneser-ney", 1.517)],
)
def test_tiny_shakespeare(order, smoothing, nats):
    """Nothing is cleaned; 65 characters and <unk>."""
    parts = numbered(read("tinyshakespeare.txt"))
    assert np.log(perplexity(parts, order, smoothing)) == pytest.approx(nats, abs=0.002)


@pytest.fixture(scope="module")
def windows():
    """D2L v1.0: the text in windows of 33, a window from each character on; 10,000 to train on, 5,000 after them.

    scored(smoothing, n): the 32 characters after a window's first are predicted, each from the n−1 before it in the
    text or, `inside`, from as many of them as are in the window, by a model of their order. There are 27 symbols,
    those that occur.
    """
    text = CLEANINGS["d2l-v1"](read("timemachine.txt"))
    assert len(text) == 173_428
    vocab = Vocab.from_text(text)
    ids = vocab.encode(text) - 1
    assert (vocab.unknown_id, ids.min(), ids.max()) == (0, 0, 26)

    def scored(smoothing, order, inside=False, **settings):
        models = [NGram(k, smoothing, **settings).fit(ids[:10_032], vocabulary=27) for k in range(1, order + 1)]
        nats = [-model.log_probs(ids) for model in models]
        windows = np.arange(10_000, 15_000)
        before = [min(j, order - 1) if inside else order - 1 for j in range(1, 33)]
        return np.exp(np.mean([nats[k][windows + j].mean() for j, k in enumerate(before, 1)]))

    return scored


def test_kneser_ney_on_the_windows_of_d2l(windows):
    """A window begins anew; with the whole text before each character it would be 4.66."""
    assert windows("kneser-ney", 6, inside=True) == pytest.approx(4.83, abs=0.02)
    assert windows("kneser-ney", 6) == pytest.approx(4.66, abs=0.02)


def test_windows_that_overlap_count_a_gram_thirty_times(windows):
    """Adding one to their counts is adding a thirtieth to the text's: then order 4 is best, else order 3."""
    thirtieth = [windows("lidstone", order, epsilon=1 / 30) for order in (3, 4, 5)]
    assert thirtieth == pytest.approx([6.76, 6.22, 7.65], abs=0.02)
    one = [windows("laplace", order) for order in (2, 3, 4)]
    assert min(one) == one[1] == pytest.approx(7.9, abs=0.1)
    assert windows("lidstone", 4, inside=True, epsilon=1 / 30) == pytest.approx(6.34, abs=0.02)  # a window begins anew


@pytest.mark.slow
@pytest.mark.parametrize("order", range(1, 6))
@pytest.mark.parametrize("smoothing", sorted(set(SMOOTHINGS) - SCORES - SHORT))
def test_every_context_that_occurs_sums_to_one(time_machine, smoothing, order):
    training, _, vocabulary = time_machine
    model = NGram(order, smoothing, epsilon=0.3).fit(training, vocabulary=vocabulary)
    for length in range(order):
        contexts = np.unique(np.lib.stride_tricks.sliding_window_view(training, length), axis=0) if length else [[]]
        sums = model.next_distribution(np.array(contexts, np.int64)).sum(axis=1)
        assert abs(sums - 1).max() < 1e-12
