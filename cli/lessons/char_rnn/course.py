"""The pages on learning: the curve, what the network writes on the way, and how often its gradient is shortened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.char_rnn.training import THETA, Run, Setting, build, fit, story
from data import sequential_batches
from minigrad import Tensor, cross_entropy
from minigrad.graph import Array
from minigrad.optim import Adam, Optimizer, clip_grad_norm
from rnn.baselines import NGram
from rnn.decoding import sample
from rnn.layers import detached
from rnn.metrics import Ints, perplexity
from rnn.models import LanguageModel

UPDATES = between(400, 600, full=4000)
STORY = Setting(rows=16, window=24, units=96, passes=1, rate=0.01)
SHOWN, LENGTH = 100, 2000  # letters of a sample
BY_HAND = 6  # updates


@dataclass(frozen=True)
class Course:
    """A run on the story, and what the network wrote after some of the updates."""

    run: Run
    samples: tuple[tuple[int, str], ...]


@cache
def on_story(updates: int, seed: int) -> Course:
    """An Elman network from small weights, trained on the whole training part."""
    text, rng = story(), np.random.default_rng([seed, 2])
    model = build(len(text.vocab), STORY.units, rng, small=True)
    marks, samples = {1, updates // 10, updates // 3, updates}, []

    def watch(step: int) -> None:
        if step in marks:
            ids = islice(sample(model, text.vocab.encode("The "), rng=np.random.default_rng(seed)), LENGTH)
            samples.append((step, text.vocab.decode(list(ids))))

    run = fit(model, Adam(model.parameters(), STORY.rate), text.training, STORY, updates, rng, watch=watch)
    return Course(run, tuple(samples))


def counted(order: int) -> float:
    """The held-out perplexity of modified Kneser–Ney counts; of the frequencies alone at order 1."""
    text = story()
    smoothing = "laplace" if order == 1 else "modified-kneser-ney"
    ngram = NGram(order, smoothing).fit(text.training, vocabulary=len(text.vocab))
    return perplexity(-float(ngram.log_probs(text.held_out).mean()))


@experiment(updates=UPDATES)
def learning(updates: int = 480, *, seed: int) -> Result:
    """The perplexity of each minibatch, and where counting letters, pairs and more stands."""
    text, course = story(), on_story(updates, seed)
    found = [perplexity(loss) for loss in course.run.losses]
    V = len(text.vocab)
    held_out = perplexity(-float(course.run.model.log_probs(text.held_out).mean()))
    letters, pairs, best = counted(1), counted(2), counted(5)
    across = (1, updates)
    curves = (
        curve("network", range(1, updates + 1), found),
        curve("letters", across, (letters, letters)),
        curve("pairs", across, (pairs, pairs)),
    )
    columns: tuple[Column, ...] = (("", "text"), ("held out", "number"))
    rows = (("uniform", float(V)), ("letters alone", letters), ("pairs", pairs), ("the network", held_out),
            ("Kneser–Ney, 5 letters", best))  # fmt: skip
    return Result(
        (
            Plot("perplexity of each minibatch, before its update", curves, "updates", log=True),
            Table(columns, tuple(rows), f"perplexity after {updates} updates"),
        ),
        (
            at_most("first minibatch: |log of perplexity/V|", abs(np.log(found[0] / V)), 0.01),
            at_most("held-out perplexity to that of letters alone", held_out / letters, 0.6),
            at_most("held-out perplexity to that of pairs", held_out / pairs, 0.95),
            at_least("held-out perplexity to that of Kneser–Ney", held_out / best, 1),
        ),
    )


@experiment(updates=UPDATES)
def samples(updates: int = 480, *, seed: int) -> Result:
    """What the network writes after "The ", drawn with the same random numbers each time."""
    text, course = story(), on_story(updates, seed)
    known = set(text.vocab.decode(text.training).split())
    shares = [share(said, known) for _, said in course.samples]
    shown = ((step, f"The {said[:SHOWN]}".replace("\n", " ")) for step, said in course.samples)
    return Result(
        tuple(Excerpt(said, f"after {step} update{'s' * (step > 1)}") for step, said in shown),
        (
            at_most(f"of {LENGTH} letters at first: share of words that the story has", shares[0], 0.05),
            at_least("the same at last", shares[-1], 0.1),
        ),
    )


def share(said: str, known: set[str]) -> float:
    """Of the whole words of a sample, the share that is known."""
    words = said.split()[:-1] or [""]
    return sum(word in known for word in words) / len(words)


def update(model: LanguageModel, optimizer: Optimizer, inputs: Array, targets: Array, state: Any) -> tuple[Tensor, Any]:
    """One minibatch (B, T): read it, go back through it, shorten the gradient, take a step, cut the state."""
    logits, state = model(inputs.T, state)
    loss = cross_entropy(logits, targets.T)
    optimizer.zero_grad()
    loss.backward()
    clip_grad_norm(optimizer.params, THETA)
    optimizer.step()
    return loss, detached(state)


@experiment(updates=UPDATES)
def by_hand(updates: int = 480, *, seed: int) -> Result:
    """The loop written out, against the trainer that this project uses; and what clipping did in the long run."""
    run = on_story(updates, seed).run
    text, rng = story(), np.random.default_rng([seed, 2])
    model = build(len(text.vocab), STORY.units, rng, small=True)
    found = written_out(model, Adam(model.parameters(), STORY.rate), text.training, rng)
    apart = max(abs(a - b) for a, b in zip(found, run.losses, strict=False))
    norms, used = np.array(run.norms), np.array(run.used)
    quarters = np.array_split(np.arange(updates), 4)
    columns: tuple[Column, ...] = (
        ("updates", "text"), ("mean ‖g‖", "number"), ("longest", "number"), ("shortened", "share"),
    )  # fmt: skip
    rows = tuple(
        (f"{q[0] + 1}–{q[-1] + 1}", norms[q].mean(), norms[q].max(), float((norms[q] > THETA).mean())) for q in quarters
    )
    untouched = norms <= THETA
    return Result(
        (Table(columns, rows, f"the gradient before it is shortened to θ = {THETA:g}"),),
        (
            at_most(f"the first {BY_HAND} losses of the loop against the trainer's", apart, 0),
            at_most("longest gradient that was used", used.max(), THETA * (1 + 1e-5)),
            at_most("change of those that were short enough", np.abs(used - norms)[untouched].max(initial=0), 1e-5),
        ),
    )


def written_out(model: LanguageModel, optimizer: Optimizer, ids: Ints, rng: np.random.Generator) -> list[float]:
    """The losses of some updates, one `update` after another."""
    state, found = None, []
    for inputs, targets in islice(sequential_batches(ids, STORY.rows, STORY.window, rng=rng), BY_HAND):
        loss, state = update(model, optimizer, inputs, targets, state)
        found.append(loss.item())
    return found
