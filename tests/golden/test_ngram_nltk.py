"""n-grams against nltk.lm, where both mean the same; the script beside this file made the numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from rnn.baselines import SMOOTHINGS, NGram
from rnn.baselines.smoothing import smoothing

GOLDEN = json.loads(Path(__file__).with_name("ngram_nltk.json").read_text(encoding="utf-8"))
TEXT, TOKENS, ORDER = GOLDEN["text"], GOLDEN["tokens"], GOLDEN["order"]
S = TOKENS  # and 5, which never occurs, is nltk's one unknown token


@pytest.fixture
def maximum_likelihood_below():
    """nltk's Witten–Bell keeps nothing of order 1 for tokens that were never seen."""

    def witten_bell_above_mle(seen):
        return SMOOTHINGS["mle" if seen.order == 1 else "witten-bell"](seen)

    smoothing(witten_bell_above_mle)
    yield "witten-bell-above-mle"
    del SMOOTHINGS["witten-bell-above-mle"]


def assert_equal(name, model, *, unseen_tokens=True):
    """Every context of tokens, seen or not."""
    seen = sorted(set(TEXT)) if not unseen_tokens else list(range(TOKENS))
    for context, scores in GOLDEN["scores"][name].items():
        row = model.next_scores([int(digit) for digit in context])
        np.testing.assert_allclose(row[seen], np.array(scores)[seen], rtol=1e-12, atol=1e-15, err_msg=context)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("laplace", {}),
        ("lidstone", {"epsilon": 0.25}),
        ("absolute", {"discount": [0, 0.6, 0.6]}),
    ],
)
def test_where_s_is_a_token(name, settings):
    assert_equal(name, NGram(ORDER, name, **settings).fit([S, *TEXT], vocabulary=TOKENS + 1))


def test_mle_after_contexts_that_occur():
    """After others nltk answers 0 for every token, and this project with the order below."""
    model = NGram(ORDER, "mle").fit([S, *TEXT], vocabulary=TOKENS + 1)
    known = {context: scores for context, scores in GOLDEN["scores"]["mle"].items() if sum(scores)}
    assert 20 < len(known) < len(GOLDEN["scores"]["mle"])
    for context, scores in known.items():
        np.testing.assert_allclose(
            model.next_distribution([int(digit) for digit in context])[:TOKENS], scores, atol=1e-15
        )


def test_stupid_backoff_but_for_tokens_that_were_never_seen():
    """They get 0.4/V here and nothing there."""
    model = NGram(ORDER, "stupid-backoff").fit([S, *TEXT], vocabulary=TOKENS + 1)
    assert_equal("stupid-backoff", model, unseen_tokens=False)


def test_witten_bell(maximum_likelihood_below):
    assert_equal("witten-bell", NGram(ORDER, maximum_likelihood_below).fit([S, *TEXT], vocabulary=TOKENS + 1))


def test_kneser_ney():
    """Here the start of the text stands before its first token, as s does there."""
    assert_equal("kneser-ney", NGram(ORDER, "kneser-ney", discount=[0, 0.3, 0.3]).fit(TEXT, vocabulary=TOKENS))
