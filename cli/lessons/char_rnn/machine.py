"""The pages on one word: what is asked at each step, and what may be used for the answer."""

from __future__ import annotations

from itertools import islice

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from minigrad import Tensor, cross_entropy, grad, no_grad, softmax
from minigrad.graph import Array
from minigrad.optim import Adam
from rnn.decoding import sample
from rnn.metrics import perplexity
from rnn.models import LanguageModel

WORD = "machine"
LETTERS = sorted(set(WORD))
IDS = np.array([LETTERS.index(letter) for letter in WORD])
READ, ASKED = IDS[:-1], IDS[1:]  # "machin" and "achine" [D2L 8.4.3]
TIMES = 80
UNITS = between(6, 32)


@experiment(units=UNITS)
def one_word(units: int = 16, *, rng: np.random.Generator) -> Result:
    """A network reads "machin" and is asked for "achine", before and after it has been told some times."""
    model = LanguageModel(len(LETTERS), units, dtype=np.float64, rng=rng)
    before = answers(model)
    optimizer = Adam(model.parameters(), 0.05)
    for _ in range(TIMES):
        optimizer.zero_grad()
        cross_entropy(model(READ[:, None])[0], ASKED[:, None]).backward()
        optimizer.step()
    after = answers(model)
    right = [p[t, y] for p in (before, after) for t, y in enumerate(ASKED)]
    first, last = right[: ASKED.size], right[ASKED.size :]
    alone = list(islice(sample(model, READ[:1], temperature=0, rng=rng), ASKED.size))
    columns: tuple[Column, ...] = (
        ("t", "text"), ("read", "text"), ("asked", "text"), ("P before", "number"), ("P after", "number"),
        ("largest", "text"),
    )  # fmt: skip
    rows = tuple(
        (str(t + 1), WORD[t], WORD[t + 1], first[t], last[t], LETTERS[int(after[t].argmax())])
        for t in range(ASKED.size)
    )
    caption = f"“m”, and then what the network says itself: m{''.join(LETTERS[i] for i in alone)}"
    return Result(
        (Table(columns, rows, caption),),
        (
            at_least("perplexity of the six answers at first", perplexity(-float(np.log(first).mean())), 4),
            at_most(f"after it has been told {TIMES} times", perplexity(-float(np.log(last).mean())), 1.2),
            at_least("letters for which the right one has the largest probability", _hits(after.argmax(axis=1)), 6),
            at_least("letters that it gets right when it reads its own answers", _hits(alone), 6),
        ),
    )


def answers(model: LanguageModel) -> Array:
    """The probabilities (T, V) after each letter of "machin"."""
    with no_grad():
        return softmax(model(READ[:, None])[0]).data[:, 0]


def _hits(found: Array | list[int]) -> int:
    return int((np.asarray(found) == ASKED).sum())


@experiment(units=UNITS)
def only_the_past(units: int = 16, *, rng: np.random.Generator) -> Result:
    """How much the loss of each step feels each letter, and whether later letters change it."""
    model = LanguageModel(len(LETTERS), units, dtype=np.float64, rng=rng)
    felt = feels(model)
    steps = range(1, READ.size + 1)
    later = np.triu(np.ones_like(felt, dtype=bool), 1)
    columns: tuple[Column, ...] = (("", "text"), *((f"x{t} {WORD[t - 1]}", "text") for t in steps))
    rows = tuple((f"L{s}", *(f"{v:.4f}" if v else "0" for v in felt[s - 1])) for s in steps)
    return Result(
        (Table(columns, rows, "‖∂L/∂x‖: how much the loss of step s feels the letter of step t"),),
        (
            at_most("what L₃ feels of the letters after the third", felt[2, 3:].max(), 0),
            at_most("what any loss feels of a later letter", felt[later].max(), 0),
            at_least("what a loss feels of its own letter and those before, at least", felt[~later].min(), 1e-12),
            at_most("change of L₃ for any other letters in the later places", changed(model, 3), 0),
            at_least("and in the place of the third", changed(model, 2), 1e-6),
        ),
    )


def losses(model: LanguageModel, x: Tensor | Array) -> list[Tensor]:
    """−log P of the letter that is asked for, at each step; x is one-hot (T, 1, V), or ids (T, 1)."""
    scores = model.scores(model.rnn(x)[0])
    return [cross_entropy(scores[t], ASKED[t : t + 1]) for t in range(ASKED.size)]


def feels(model: LanguageModel) -> Array:
    """‖∂Lₛ/∂xₜ‖ (T, T): a row for each loss, a column for each letter."""
    x = Tensor(np.eye(len(LETTERS))[READ][:, None], requires_grad=True)
    found = losses(model, x)
    return np.array([np.linalg.norm(grad(loss, [x], retain_graph=True)[0].data[:, 0], axis=1) for loss in found])


def changed(model: LanguageModel, kept: int) -> float:
    """By how much L₃ moves at most if the letters after the first `kept` are all replaced by some other one."""
    right, moved = losses(model, READ[:, None])[2].item(), []
    for other in range(len(LETTERS)):
        read = READ.copy()
        read[kept:] = other
        moved.append(abs(losses(model, read[:, None])[2].item() - right))
    return max(moved)
