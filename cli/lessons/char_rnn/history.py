"""The page on detaching: what a state drags along if nobody cuts it off."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from cli.lab.costs import cost
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.char_rnn.training import story
from data import Minibatch, sequential_batches
from minigrad import GradError, Tensor, cross_entropy, grad
from minigrad.graph import nodes
from minigrad.optim import SGD
from rnn.layers import detached
from rnn.models import LanguageModel

UNITS, ROWS, WINDOW = 16, 4, 10
KNOB = between(3, 8)


def losses(model: LanguageModel, minibatches: list[Minibatch], cut: bool, state: Any = None) -> list[Tensor]:
    """The loss of each minibatch in turn, the state carried on."""
    found = []
    for inputs, targets in minibatches:
        logits, state = model(inputs.T, state)
        found.append(cross_entropy(logits, targets.T))
        state = detached(state) if cut else state
    return found


@experiment(minibatches=KNOB)
def dragged_along(minibatches: int = 5, *, rng: np.random.Generator) -> Result:
    """Nodes and bytes behind the loss of each minibatch, with the state cut from its history and without."""
    model, read = _model(rng), _minibatches(minibatches, rng)
    whole, cut = losses(model, read, cut=False), losses(model, read, cut=True)
    count = {name: [len(nodes(loss)) for loss in found] for name, found in (("whole", whole), ("cut", cut))}
    kept = {name: [cost(loss).bytes for loss in found] for name, found in (("whole", whole), ("cut", cut))}
    columns: tuple[Column, ...] = (
        ("minibatch", "text"), ("nodes", "count"), ("bytes", "count"), ("nodes, cut", "count"), ("bytes, cut", "count"),
    )  # fmt: skip
    rows = tuple(
        (str(k + 1), count["whole"][k], kept["whole"][k], count["cut"][k], kept["cut"][k]) for k in range(minibatches)
    )
    walked = sum(count["whole"]), sum(count["cut"])
    caption = f"walked in one pass: {walked[0]:,} nodes, or {walked[1]:,} if cut"
    more = np.diff(kept["whole"])
    uneven = abs(walked[0] / walked[1] - (minibatches + 1) / 2)
    return Result(
        (Table(columns, rows, caption),),
        (
            at_most("nodes behind the k-th loss, less k times those behind the first", _off(count["whole"]), 0),
            at_least("bytes that each further minibatch adds, at least", more.min(), 1),
            at_most("and how much that varies", float(np.ptp(more)), 0),
            at_most("cut: how much nodes and bytes vary", np.ptp(count["cut"]) + np.ptp(kept["cut"]), 0),
            at_most("nodes walked in a pass, to those if cut, less (K + 1)/2", uneven, 1e-12),
            at_most("difference that cutting makes to any loss", max(map(_apart, whole, cut)), 0),
        ),
    )  # fmt: skip


def _model(rng: np.random.Generator) -> LanguageModel:
    """Step by step, so that its graph can be counted; W turns and does not shrink, so that the past is felt."""
    model = LanguageModel(len(story().vocab), UNITS, dtype=np.float64, rng=rng, implementation="stepwise")
    weight = model.rnn.weights()["weight_hh"]
    assert weight is not None
    weight.assign(np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0])
    return model


def _minibatches(number: int, rng: np.random.Generator) -> list[Minibatch]:
    piece = story().training[: ROWS * WINDOW * (number + 1) + 1]
    return list(islice(sequential_batches(piece, ROWS, WINDOW, rng=rng), number))


def _off(found: list[int]) -> int:
    return max(abs(n - k * found[0]) for k, n in enumerate(found, start=1))


def _apart(a: Tensor, b: Tensor) -> float:
    return abs(a.item() - b.item())


@experiment(minibatches=KNOB)
def what_is_cut(minibatches: int = 5, *, rng: np.random.Generator) -> Result:
    """What the last loss feels of the first minibatch, and what becomes of an update in between."""
    model, read = _model(rng), _minibatches(minibatches, rng)
    felt = {name: _felt(model, read, cut) for name, cut in (("not cut", False), ("cut", True))}
    forgot = {name: _changes(model, read, cut) for name, cut in (("not cut", False), ("cut", True))}
    learned, complaint = unless_refused(model, read)
    rows = tuple((name, felt[name], forgot[name]) for name in felt)
    columns: tuple[Column, ...] = (
        ("the state is", "text"),
        ("feels minibatch 1", "error"),
        ("is moved by it", "error"),
    )
    return Result(
        (
            Table(columns, rows, f"the loss of minibatch {minibatches}"),
            Excerpt(complaint, "what the engine says if the state is not cut and the weights are updated"),
        ),
        (
            at_most("cut: gradient of the last loss by the first minibatch", felt["cut"], 0),
            at_least("not cut: the same", felt["not cut"], 1e-8),
            at_least("cut, other letters in the first minibatch still move the last loss", forgot["cut"], 1e-9),
            at_most("and by as much as if not cut (difference)", abs(forgot["cut"] - forgot["not cut"]), 0),
            at_most("not cut: minibatches learned from before the engine refuses", learned, 1),
        ),
    )  # fmt: skip


def _felt(model: LanguageModel, read: list[Minibatch], cut: bool) -> float:
    """‖∂L/∂x‖, for the last loss L and the letters x of the first minibatch."""
    inputs, _ = read[0]
    x = Tensor(np.eye(model.vocabulary)[inputs.T], requires_grad=True)
    _, state = model.rnn(x)
    found = losses(model, read[1:], cut, detached(state) if cut else state)
    return float(np.linalg.norm(grad(found[-1], x).data))


def _changes(model: LanguageModel, read: list[Minibatch], cut: bool) -> float:
    """By how much the last loss moves if the first minibatch is read backwards."""
    other = [Minibatch(read[0].inputs[:, ::-1], read[0].targets), *read[1:]]
    return _apart(losses(model, read, cut)[-1], losses(model, other, cut)[-1])


def unless_refused(model: LanguageModel, read: list[Minibatch]) -> tuple[int, str]:
    """Train without cutting: how many minibatches were learned from, and what the engine said then."""
    optimizer, state = SGD(model.parameters(), 0.1), None
    for k, (inputs, targets) in enumerate(read):
        logits, state = model(inputs.T, state)
        optimizer.zero_grad()
        try:
            cross_entropy(logits, targets.T).backward()
        except GradError as error:
            return k, str(error)
        optimizer.step()
    return len(read), "nothing"
