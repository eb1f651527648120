"""A small text to compare models on, and the figures of some by dictionaries."""

import json
import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

TEXT = "the cat sat on the mat and the rat ate the oats; then a cat chased that rat around the vat. " * 6
TEXT += "quick zebras yawn; the cat sat on the zebra."
KEYS = [
    "model", "order", "smoothing", "tokens", "development_perplexity", "train_perplexity", "held_out_perplexity",
    "bits_per_character", "zero_events", "size", "seconds", "context", "settings",
]  # fmt: skip
SMALL = ["--batch", "4", "--window", "8", "--epochs", "1", "--hidden", "5", "--json"]


def rows(lines):
    """By model."""
    return {row["model"]: row for row in map(json.loads, lines)}


def halves(text=TEXT):
    """The training part and the part held out."""
    cut = int(len(text) * 0.9)
    return text[:cut], text[cut:]


def ninths(training):
    """What models are fitted on to be tried, and the development part."""
    cut = int(len(training) * Fraction(8, 9))
    return training[:cut], training[cut:]


def perplexity(text, p):
    """exp of the mean of −log p(w | c), where c is the character before w, or "" at the beginning."""
    probabilities = [p(text[max(i - 1, 0) : i], w) for i, w in enumerate(text)]
    return math.inf if 0 in probabilities else math.exp(-sum(map(math.log, probabilities)) / len(text))


def bigram(smoothing, counted, vocabulary, epsilon=1.0):
    """p(c, w) of order 2 by dictionaries, c "" at the beginning; V counts <unk>."""
    n, pairs, followed, size = Counter(counted), Counter(pairwise(counted)), Counter(counted[:-1]), len(counted)

    def mle(c, w):
        return pairs[c, w] / followed[c] if c and followed[c] else n[w] / size

    def lidstone(c, w):
        over, under = (pairs[c, w], followed[c]) if c else (n[w], size)
        return (over + epsilon) / (under + epsilon * vocabulary)

    def d2l(c, w):
        unigram = (n[w] + epsilon / vocabulary) / (size + epsilon)
        return (pairs[c, w] + epsilon * unigram) / (n[c] + epsilon) if c else unigram

    return {"mle": mle, "laplace": lidstone, "lidstone": lidstone, "d2l": d2l}[smoothing]
