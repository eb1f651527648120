"""Makes ngram_nltk.json: what nltk.lm says of a text of numbers, one score per context and token.

    pip install "nltk==3.9.*" numpy     in an environment of its own
    python tests/golden/make_ngram_nltk.py

nltk gets the token s before the text, which stands nowhere else: then it counts that something stands before the first
token, as this project does. Contexts with s are left out: after them nltk's Kneser-Ney need not sum to 1. nltk also
counts s as a token, and has one token for all that is unknown, here 5, which never occurs: V = 7 with s.
"""

import json
from itertools import product
from pathlib import Path

import nltk
import numpy as np
from nltk.lm import (
    MLE,
    AbsoluteDiscountingInterpolated,
    KneserNeyInterpolated,
    Laplace,
    Lidstone,
    StupidBackoff,
    WittenBellInterpolated,
)
from nltk.util import everygrams

ORDER, TOKENS = 3, 6

MODELS = {
    "mle": MLE(ORDER),
    "laplace": Laplace(ORDER),
    "lidstone": Lidstone(0.25, ORDER),
    "witten-bell": WittenBellInterpolated(ORDER),
    "absolute": AbsoluteDiscountingInterpolated(ORDER, discount=0.6),
    "kneser-ney": KneserNeyInterpolated(ORDER, discount=0.3),
    "stupid-backoff": StupidBackoff(0.4, ORDER),
}


def text(rng):
    """Tokens of which the next depends on the last; the last one of the alphabet never occurs."""
    rows = rng.dirichlet(np.full(TOKENS - 1, 0.8), size=TOKENS - 1)
    ids = [0]
    while len(ids) < 250:
        ids.append(int(rng.choice(TOKENS - 1, p=rows[ids[-1]])))
    return ids


def scores(model, words):
    """{context: the score of each token}, contexts as strings of digits."""
    model.fit([everygrams(["s", *words], max_len=ORDER)], vocabulary_text=["s", *words])
    names = list(map(str, range(TOKENS)))
    found = {}
    for length in range(ORDER):
        for context in product(names, repeat=length):
            found["".join(context)] = [model.score(word, context or None) for word in names]
    return found


def main():
    ids = text(np.random.default_rng(20))
    words = list(map(str, ids))
    answers = {name: scores(model, words) for name, model in MODELS.items()}
    found = {"nltk": nltk.__version__, "order": ORDER, "tokens": TOKENS, "text": ids, "scores": answers}
    Path(__file__).with_name("ngram_nltk.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
