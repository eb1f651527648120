"""The pages on how minibatches are read, and on what a network says that has learned nothing yet."""

from __future__ import annotations

from itertools import islice

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.char_rnn.training import build, redrawn, story
from data import sequential_batches
from minigrad import Tensor, cross_entropy, no_grad, relative_error
from minigrad.graph import Array
from rnn.decoding import sample
from rnn.metrics import perplexity
from rnn.models import LanguageModel

UNITS = 64
SMALL, USUAL, LARGE = "N(0, 0.01²)", "±1/√H", "N(0, 1)"
DRAWS = {SMALL: 0.01, USUAL: None, LARGE: 1.0}


@experiment(rows=between(2, 6), window=between(3, 12))
def shapes(rows: int = 4, window: int = 8, *, rng: np.random.Generator) -> Result:
    """One minibatch from (B, T) to scores, with ids and with the vectors that they stand for."""
    text = story()
    model = LanguageModel(len(text.vocab), UNITS, dtype=np.float64, rng=rng)
    inputs, targets = next(sequential_batches(text.training, rows, window, rng=rng))
    x = np.eye(model.vocabulary)[inputs.T]
    with no_grad():
        h, _ = model.rnn(inputs.T)
        scores = model(inputs.T)[0]
        spelt = model.scores(model.rnn(Tensor(x))[0])
        loss = cross_entropy(scores, targets.T).item()
        alone = [cross_entropy(model(i[:, None])[0], t[:, None]).item() for i, t in zip(inputs, targets, strict=True)]
        mixed = cross_entropy(model(folded(inputs))[0], folded(targets)).item()
    named = {
        "minibatch, (B, T)": inputs, "turned round, (T, B)": inputs.T, "one-hot, (T, B, V)": x,
        "states, (T, B, H)": h.data, "scores, (T, B, V)": scores.data,
    }  # fmt: skip
    columns: tuple[Column, ...] = (("", "text"), ("shape", "text"), ("numbers", "count"))
    apart = relative_error(scores.data, spelt.data)
    weight = model.rnn.weights()["weight_ih"]
    assert weight is not None
    return Result(
        (Table(columns, tuple((k, " × ".join(map(str, a.shape)), a.size) for k, a in named.items())),),
        (
            at_most("a one-hot vector times a matrix, less a column of it", _lookup(weight, inputs, x), 0),
            at_most("scores from ids, against those from one-hot vectors", apart, 1e-12),
            at_most("loss of the minibatch, less the mean over its rows alone", abs(loss - np.mean(alone)), 1e-12),
            at_least("how far off the loss is if (B, T) is folded to (T, B)", abs(mixed - loss), 1e-6),
        ),
    )  # fmt: skip


def folded(a: Array) -> Array:
    """The mistake: the shape of the transpose, with letters of one row spread over several."""
    return a.reshape(a.shape[::-1])


def _lookup(weight: Tensor, ids: Array, x: Array) -> float:
    return float(np.abs(x @ weight.data.T - weight.data[:, ids.T].transpose(1, 2, 0)).max())


@experiment()
def before_training(*, rng: np.random.Generator) -> Result:
    """Perplexity, largest probability and a sample of networks whose weights have just been drawn."""
    text, found = story(), {}
    held_out = text.held_out[:2000]
    for name, std in DRAWS.items():
        model = build(len(text.vocab), UNITS, rng)
        if std is not None:
            redrawn(model, std, rng)
        largest = max(float(model.next_distribution(held_out[k : k + 20]).max()) for k in range(0, 1000, 50))
        found[name] = perplexity(-float(model.log_probs(held_out).mean())), largest
    columns: tuple[Column, ...] = (("weights from", "text"), ("perplexity", "text"), ("largest P", "number"))
    blank = build(len(text.vocab), UNITS, rng, small=True)
    said = text.vocab.decode(list(islice(sample(blank, [], rng=rng), 50)))
    V = len(text.vocab)
    return Result(
        (
            Table(columns, tuple((name, f"{g:,.1f}", p) for name, (g, p) in found.items()), f"V = {V}"),
            Excerpt(said, "what the first of them writes"),
        ),
        (
            at_most("small weights: |log of perplexity/V|", abs(np.log(found[SMALL][0] / V)), 0.01),
            at_most("and the largest probability, to 1/V", found[SMALL][1] * V, 1.1),
            at_most("as usually drawn: perplexity to V", found[USUAL][0] / V, 1.3),
            at_least("weights of size one: perplexity to V", found[LARGE][0] / V, 2),
        ),
    )
