"""Sources to learn from: Markov chains of any order, and one with a memory that no n-gram has [S3, S25]."""

import numpy as np
from numpy.typing import ArrayLike

from data.checks import distributions, share, whole
from data.errors import DataError
from data.tasks.source import LARGEST, Source


def markov_source(table: ArrayLike) -> Source:
    """The Markov source of order k with table[c₁, …, c_k, x] = P(x | c₁ … c_k), (V,) * (k + 1), the oldest first.

    Its states are the last k tokens: `entropy_rate` is Σ_c π(c) H(P(· | c)), and `floor(j)` reaches it at j = k.
    Order 0, a table (V,), draws tokens independently. Raises DataError for a table that is not a cube of rows that
    sum to 1, and as `Source` does.
    """
    rows = distributions(table, "table")
    tokens = rows.shape[-1]
    if set(rows.shape) != {tokens}:
        what = f"the table has shape {rows.shape}"
        raise DataError(what, "markov_source", f"give {tokens} tokens along each axis: (V,) * (order + 1)")
    emit = rows.reshape(-1, tokens)
    # The state is c₁ V^{k−1} + … + c_k. One more token pushes the oldest out.
    follow = (np.arange(len(emit))[:, None] * tokens + np.arange(tokens)) % len(emit)
    return Source(emit, follow)


def random_markov_source(vocabulary: int, order: int, rng: np.random.Generator, concentration: float = 0.5) -> Source:
    """A Markov source whose rows are drawn from a symmetric Dirichlet distribution.

    The smaller the `concentration`, the fewer tokens carry a row; 1 draws evenly from all distributions. Raises
    DataError for V below 2, order below 0, a concentration of 0 or less, and more than 1,024 contexts.
    """
    contexts = whole(vocabulary, "vocabulary", 2) ** whole(order, "order", 0)
    if contexts > LARGEST:
        raise DataError(f"there are {contexts:,} contexts", "random_markov_source", f"give at most {LARGEST:,}")
    if not 0 < concentration < np.inf:
        raise DataError(f"concentration is {concentration}", "concentration", "give a finite number above 0")
    rows = rng.dirichlet(np.full(vocabulary, float(concentration)), contexts)
    return markov_source(rows.reshape((vocabulary,) * (order + 1)))


def noisy_sums(tokens: int = 8, sums: float = 0.6, steps: float = 0.25) -> Source:
    """A Markov source of order 2, simple to say: a token is mostly the sum of the two before it.

    After c₁ c₂ comes (c₁ + c₂) mod V with probability `sums`, (c₂ + 1) mod V with probability `steps`, and in all
    other cases an even draw from V. An order below 2 does not see it, one above has nothing more to see. Raises
    DataError for V below 2, and probabilities that are none or above 1 together.
    """
    V = whole(tokens, "tokens", 2)
    rest = 1 - share(sums, "sums") - share(steps, "steps")
    if rest < 0:
        raise DataError(f"sums is {sums} and steps {steps}", "noisy_sums", "give at most 1 in all")
    older, newer = np.indices((V, V))
    table = np.full((V, V, V), rest / V)
    table[older, newer, (older + newer) % V] += sums
    table[older, newer, (newer + 1) % V] += steps
    return markov_source(table)


def held_key(keys: int = 8, noise: int = 4, told: float = 0.05, asked: float = 0.15) -> Source:
    """Noise, in which a key is told now and then, and asked for at any later time: an RNN can beat every n-gram here.

    At each turn one of three things happens. With probability a = `told` a new key is told, an even draw from K. With
    probability c = `asked` there is a question mark, and the next token is the key that was told last. Otherwise,
    b = 1 − a − c, there is a letter of noise, an even draw from F. Ids: noise 0 … F−1, the question F, keys F+1 … F+K.

    A turn has entropy H(a, b, c) + a ln K + b ln F and 1 + c tokens on average, and answers are certain, so
    h = (H(a, b, c) + a ln K + b ln F) / (1 + c). Out of m ≥ 1 tokens before it an answer is known unless the m − 1
    before its question are all noise, and then it is even:
    floor(m) = h + c/(1 + c) · b^{m−1} ln K.
    So every n-gram stays above h, and one with a long context has some Fᵐ rows of noise to count; the state that is
    needed has K values. Raises DataError for K below 2, F below 1, probabilities outside [0, 1] or above 1 together,
    and a key that is never told.
    """
    K, F = whole(keys, "keys", 2), whole(noise, "noise")
    b = 1 - share(told, "told") - share(asked, "asked")
    if b < 0 or told == 0:
        what = f"told is {told} and asked {asked}"
        raise DataError(what, "held_key", "give told above 0, and told + asked at most 1")
    free = np.concatenate([np.full(F, b / F), [asked], np.full(K, told / K)])
    emit = np.tile(free, (2 * K, 1))
    emit[K:] = np.eye(F + 1 + K)[F + 1 :]  # state K + j is the question while the key is j
    held = np.tile(np.arange(K), 2)[:, None]
    follow = np.concatenate([np.tile(held, F + 1), np.tile(np.arange(K), (2 * K, 1))], axis=1)
    follow[:K, F] += K
    return Source(emit, follow)
