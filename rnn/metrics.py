"""What a predictor of tokens is, and the one function that measures them all.

Losses are mean nats per token. Perplexity is their exponential [D2L 8.4.4; seed 004 8.4.4]: the geometric
mean of 1/p: 1 for a perfect predictor, V for a uniform one, infinite once a token had probability 0.
"""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnn.errors import RnnError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.integer] | Sequence[int]
Context = Literal["carry"] | int

ROUNDING = 1e-6  # what float32 arithmetic may add to a log-probability
FUTURES = {5000: 2, 64: 16}
"""Tokens in a piece of the text, and how many changed futures of such a piece a predictor is tried on."""


class Predictor(Protocol):
    """Anything that gives the next token a probability, counted or neural."""

    @property
    def vocabulary(self) -> int:
        """The number V of tokens; ids are 0 … V−1."""

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P(xₜ | tokens before t) for every t, shape (N,), nats ≤ 0; −inf where P = 0.

        The first token is predicted from the start distribution. With `context="carry"` a token sees the
        whole past, with an integer k at most the k tokens before it.
        """

    def next_distribution(self, context: Ids) -> Floats:
        """P(· | context), shape (V,), probabilities; an empty context gives the start distribution."""


@dataclass(frozen=True)
class Evaluation:
    """How well a predictor foresaw a text of `tokens` tokens."""

    tokens: int
    nats: float  # mean per token
    perplexity: float
    bits_per_character: float
    zero_events: int  # tokens that had probability 0; one is enough for an infinite perplexity


def perplexity(nats_per_token: float) -> float:
    """exp(mean nats), the geometric mean of 1/p; infinite for infinite nats [D2L 8.4.4]."""
    with np.errstate(over="ignore"):
        return float(np.exp(np.float64(nats_per_token)))


def bits(nats: float) -> float:
    """Nats as bits: nats / ln 2."""
    return float(nats) / math.log(2)


def evaluate(
    predictor: Predictor,
    ids: Ids,
    context: Context = "carry",
    *,
    rng: np.random.Generator,
    characters: int | None = None,
) -> Evaluation:
    """Score `ids` (N,) with `predictor`, once it is clear that it only looks back.

    `characters` is the number of characters that the tokens spell; left out, a token is a character.
    Raises RnnError for an empty text, ids outside 0 … V−1, and a predictor that returns another number of
    values than N, NaN, a log-probability above 0 (by more than rounding), or values that move when later
    tokens change (`rng` draws pieces of the text, and the positions from which on everything in them does).
    """
    text = check_ids(ids, predictor.vocabulary)
    if text.size == 0:
        raise RnnError("the text is empty", "evaluate", "give at least one token")
    length = whole_number(text.size if characters is None else characters, "characters", least=1)
    log_probs = _scores(predictor, text, context)
    _refuse_foresight(predictor, text, context, rng)
    nats = abs(float(np.minimum(log_probs, 0.0).mean()))  # abs: a sure predictor has 0 nats, not −0
    zero_events = int(np.isneginf(log_probs).sum())
    return Evaluation(text.size, nats, perplexity(nats), bits(nats) * text.size / length, zero_events)


def _scores(predictor: Predictor, ids: Ints, context: Context) -> Floats:
    """log_probs, held to its contract."""
    log_probs = np.asarray(predictor.log_probs(ids, context), dtype=np.float64)
    source = f"{type(predictor).__name__}.log_probs"
    if log_probs.shape != ids.shape:
        raise RnnError(f"shape {log_probs.shape} for {ids.size} tokens", source, "return one value per token")
    token = int(log_probs.argmax())  # the first NaN, where there is one
    worst = log_probs[token]
    if np.isnan(worst):
        raise RnnError("a log-probability is NaN", f"{source}, token {token}", "look for 0/0 or a diverged model")
    if worst > ROUNDING:
        place = f"{source}, token {token}"
        raise RnnError(f"a log-probability is {worst:.3g}, above 0", place, "normalise the distribution")
    return log_probs


def _refuse_foresight(predictor: Predictor, ids: Ints, context: Context, rng: np.random.Generator) -> None:
    """Try a few other futures on a long piece of the text, and many on a short one, both from anywhere in it.

    A model that looks one token ahead moves a single value per future, and not in every future; one that knows its
    whole text knows the whole piece. A piece is enough: it costs a long text next to nothing.
    """
    for length, times in FUTURES.items():
        first = rng.integers(max(ids.size - length, 0) + 1)
        piece = ids[first : first + length]
        _try_futures(predictor, piece, context, _scores(predictor, piece, context), times, rng)


def _try_futures(
    predictor: Predictor, ids: Ints, context: Context, expected: Floats, times: int, rng: np.random.Generator
) -> None:
    """Change every token from a random position on: nothing before that position may move."""
    if ids.size < 2 or predictor.vocabulary < 2:
        return
    for start in rng.integers(1, ids.size, size=times):
        changed = ids.copy()
        changed[start:] += rng.integers(1, predictor.vocabulary, size=ids.size - start)
        changed[start:] %= predictor.vocabulary
        moved = _difference(_scores(predictor, changed, context)[:start], expected[:start])
        if moved > ROUNDING:
            raise RnnError(
                f"log-probabilities move by {moved:.1g} (relative) when only later tokens change",
                f"{type(predictor).__name__}, tokens before {start}",
                "let each token see earlier ones only, and switch off dropout",
            )


def _difference(values: Floats, expected: Floats) -> float:
    """max|a−b| / max(max|b|, 1e-12) over the finite entries; infinite where −inf comes or goes."""
    finite = np.isfinite(expected)
    if not np.array_equal(np.isfinite(values), finite):
        return math.inf
    error = np.abs(values[finite] - expected[finite]).max(initial=0.0)
    return float(error / np.abs(expected[finite]).max(initial=1e-12))


def check_ids(ids: Ids, vocabulary: int) -> Ints:
    """`ids` as a 1-D int64 array; RnnError unless they are integers in 0 … vocabulary−1."""
    array = np.asarray(ids)
    if array.ndim != 1:
        raise RnnError(f"ids have shape {array.shape}", "ids", "give one row of ids, shape (N,)")
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu":
        raise RnnError(f"ids are {array.dtype}, not integers", "ids", "give the ids of the tokens")
    outside = (array < 0) | (array >= vocabulary)
    if outside.any():
        place = int(outside.argmax())
        what = f"id {array[place]} is outside 0..{vocabulary - 1}"
        raise RnnError(what, f"ids[{place}]", "use the vocabulary that the ids came from")
    return array.astype(np.int64)


def whole_number(value: int, name: str, *, least: int) -> int:
    """`value` as an int; RnnError unless it is a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise RnnError(f"{name} is {value!r}", name, f"give a whole number of at least {least}")
    return number


def context_length(context: Context, longest: int) -> int:
    """How many tokens back a model with memory for `longest` may look under `context`."""
    if context == "carry":
        return longest
    return min(whole_number(context, "context", least=0), longest)
