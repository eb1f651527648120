"""The page on padding: it changes neither the loss nor a gradient, if one lets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.batches.four import SENTENCES
from data import BOS, EOS, PAD, Padded, Vocab, padded
from minigrad import Tensor, cross_entropy, grad, relative_error
from minigrad.graph import Array
from minigrad.nn import Linear
from minigrad.ops import stack
from rnn.formulas import REGISTRY
from rnn.layers import RNN
from rnn.verify import check
from rnn.witnesses import random_problem

MORE = (0, 1, 4, 16)  # places by which every row is longer than it needs to be
Loss = Callable[[RNN, Linear, Padded, Padded], Tensor]


def over_words(layer: RNN, head: Linear, inputs: Padded, targets: Padded) -> Tensor:
    """The mean loss of a word, in nats."""
    ids, lengths = inputs
    states, _ = layer(ids.T, lengths=lengths)
    words = np.nonzero(inputs.mask.T)
    scores, wanted = head(states), targets.ids.T
    return cross_entropy(scores[words], wanted[words])


def over_sentences(layer: RNN, head: Linear, inputs: Padded, targets: Padded) -> Tensor:
    """The mean over the sentences of their mean losses."""
    scores = head(layer(inputs.ids.T, lengths=inputs.lengths)[0])
    each = [cross_entropy(scores[:n, b], targets.ids[b, :n]) for b, n in enumerate(inputs.lengths)]
    return stack(each).mean()


def over_places(layer: RNN, head: Linear, inputs: Padded, targets: Padded) -> Tensor:
    """The mean over all places, padding read and asked for as if it were a word."""
    return cross_entropy(head(layer(inputs.ids.T)[0]), targets.ids.T)


MEANS: dict[str, Loss] = {"words": over_words, "sentences": over_sentences, "all places": over_places}


@dataclass(frozen=True)
class Padding:
    """The four sentences, padded more and more, and a network that reads them."""

    layer: RNN
    head: Linear
    rows: list[list[int]]
    pad: int

    def batch(self, more: int) -> tuple[Padded, Padded]:
        """Inputs and targets, every row longer by so many places than it needs to be."""
        inputs, targets = padded(self.rows, self.pad).shifted()
        return longer(inputs, more, self.pad), longer(targets, more, self.pad)

    def measured(self, mean: Loss, inputs: Padded, targets: Padded) -> list[Array]:
        """A loss, and its gradients by all weights, U first."""
        loss = mean(self.layer, self.head, inputs, targets)
        weights = [self.layer.weight_ih_l0, *self.layer.parameters()[1:], *self.head.parameters()]
        return [loss.data, *(g.data for g in grad(loss, weights))]

    def one_by_one(self) -> list[Array]:
        """The same over words, from each sentence by itself."""
        words = sum(len(row) - 1 for row in self.rows)
        each = [self.measured(over_words, *padded([row], self.pad).shifted()) for row in self.rows]
        shares = [(len(row) - 1) / words for row in self.rows]
        return [sum(p * part for p, part in zip(shares, parts, strict=True)) for parts in zip(*each, strict=True)]

    def last_states(self) -> tuple[Array, Array]:
        """Those of the batch that is padded most, and those of each sentence alone."""
        inputs, _ = self.batch(MORE[-1])
        together = self.layer(inputs.ids.T, lengths=inputs.lengths)[1].data[0]
        return together, np.stack([self.layer(np.array(row[:-1]))[1].data[0] for row in self.rows])


def padding(hidden: int, rng: np.random.Generator) -> Padding:
    """The sentences between <bos> and <eos>, and a random network."""
    vocab = Vocab.from_text(" ".join(SENTENCES), "word", reserved=(PAD, BOS, EOS))
    pad, bos, eos = (int(i) for i in vocab.ids_of([PAD, BOS, EOS]))
    layer = RNN(len(vocab), hidden, dtype=np.float64, rng=rng)
    head = Linear(hidden, len(vocab), dtype=np.float64, rng=rng)
    return Padding(layer, head, [[bos, *vocab.encode(s).tolist(), eos] for s in SENTENCES], pad)


@experiment(hidden=between(4, 16))
def nothing(hidden: int = 8, *, rng: np.random.Generator) -> Result:
    """Three means of the loss and their gradients, the more is padded."""
    problem = padding(hidden, rng)
    found = {name: [problem.measured(mean, *problem.batch(more)) for more in MORE] for name, mean in MEANS.items()}
    losses = {name: [float(loss) for loss, *_ in each] for name, each in found.items()}
    moved = {name: [_worst(gradients, each[0][1:]) for _, *gradients in each] for name, each in found.items()}
    words = found["words"]
    columns: tuple[Column, ...] = (("mean over", "text"), *((f"+{more}", "number") for more in MORE))
    errors: tuple[Column, ...] = (("gradients", "text"), *((f"+{more}", "error") for more in MORE))
    return Result(
        (
            Table(columns, _rows(losses), "the loss in nats, each row longer by so many places"),
            Table(errors, _rows(moved), "by how much the gradients change, at most"),
        ),
        (
            at_most(
                "over words: the loss changes by",
                max(abs(loss - losses["words"][0]) for loss in losses["words"]),
                1e-12,
            ),
            at_most("over words: gradients change by", max(moved["words"]), 1e-12),
            at_most("over words, one sentence at a time: off by", _worst(problem.one_by_one(), words[0]), 1e-12),
            at_most("gradient of the column of U that is padding's", np.abs(words[-1][1][:, problem.pad]).max(), 0),
            at_most("last states, against those of each sentence alone", relative_error(*problem.last_states()), 1e-12),
            at_least("over all places: gradients change by", moved["all places"][-1], 1e-2),
            at_most("all equations for uneven rows, against autograd", _masked(rng), 1e-10),
        ),
    )


def _rows(values: dict[str, list[float]]) -> tuple[tuple[str | float, ...], ...]:
    return tuple((name, *each) for name, each in values.items())


def longer(batch: Padded, more: int, pad: int) -> Padded:
    """The same with so many places more."""
    return Padded(np.pad(batch.ids, ((0, 0), (0, more)), constant_values=pad), batch.lengths)


def _worst(found: list[Array], expected: list[Array]) -> float:
    return max(relative_error(a, b) for a, b in zip(found, expected, strict=True))


def _masked(rng: np.random.Generator) -> float:
    """The worst error of the family on a random batch."""
    equations = [e for e in REGISTRY.values() if e.family == "masked"]
    checks = check(equations, [random_problem("masked", rng)])
    return max(max(c.engine, c.chain) for c in checks if c.engine is not None)
