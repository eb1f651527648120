"""The page on where a clipped gradient points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lab.texts import prepare
from cli.lessons.gradients.networks import KNOBS
from minigrad import Tensor, cross_entropy
from minigrad.graph import Array
from minigrad.nn import Linear, Parameter
from minigrad.optim import clip_grad_norm, clip_grad_value
from rnn.layers import RNN

Clip = Callable[[list[Parameter]], object]


@experiment(theta=KNOBS["theta"])
def directions(theta: float = 0.5, *, rng: np.random.Generator) -> Result:
    """Three ways to clip the gradient of a network on a piece of text, and a gradient of two entries."""
    params = _on_text(rng)
    g = _flat(params)
    each, cut = theta / 4, float(np.mean(np.abs(g) > theta / 4))
    whole, by_tensor, by_entry = (
        _after(params, clip)
        for clip in (
            lambda p: clip_grad_norm(p, theta),
            lambda p: [clip_grad_norm([one], theta) for one in p],
            lambda p: clip_grad_value(p, each),
        )
    )
    untouched = _after(params, lambda p: clip_grad_norm(p, 2 * float(np.linalg.norm(g))))
    named = {"as it is": g, "the whole at θ": whole, "each tensor at θ": by_tensor, "each entry at θ/4": by_entry}
    rows = tuple((name, float(np.linalg.norm(v)), _cos(v, g), _degrees(v, g)) for name, v in named.items())
    columns: tuple[Column, ...] = (("", "text"), ("‖g‖", "number"), ("cos", "number"), ("turned by", "text"))
    return Result(
        (_of_two(), Table(columns, rows, f"{g.size} entries, θ = {theta:g}; {cut:.0%} of them are above θ/4")),
        (
            at_most("clipped as a whole: ‖g‖ / θ", float(np.linalg.norm(whole)) / theta, 1 + 1e-12),
            at_most("and it points where it did: 1 − cos", 1 - _cos(whole, g), 1e-12),
            at_least("entry by entry, with only some of them cut: 1 − cos", 1 - _cos(by_entry, g), 1e-3),
            at_least("tensor by tensor: 1 − cos", 1 - _cos(by_tensor, g), 1e-3),
            at_most("shorter than θ it stays as it is (largest change)", float(np.abs(untouched - g).max()), 0),
        ),
    )


def _of_two() -> Table:
    g = np.array([4.0, 1.0])
    found = {
        "g": g,
        "norm at most one": clipped(g, lambda p: clip_grad_norm(p, 1.0)),
        "entries at most one": clipped(g, lambda p: clip_grad_value(p, 1.0)),
    }
    rows = tuple((name, *v, _degrees(v, g)) for name, v in found.items())
    return Table((("", "text"), ("g₁", "number"), ("g₂", "number"), ("turned by", "text")), rows)


def clipped(g: Array, clip: Clip) -> Array:
    """What a way of clipping makes of one parameter's gradient."""
    p = Parameter(np.zeros_like(g))
    p.grad = Tensor(g)
    return _after([p], clip)


def _on_text(rng: np.random.Generator) -> list[Parameter]:
    """The parameters of a network with the gradient of a loss summed over a piece of the bundled story."""
    text = prepare("the-lighthouse")
    start = int(rng.integers(text.training.size - 36))
    ids = text.training[start : start + 36, None]
    layer = RNN(len(text.vocab), 16, dtype=np.float64, rng=rng)
    head = Linear(16, len(text.vocab), dtype=np.float64, rng=rng)
    (cross_entropy(head(layer(ids[:-1])[0]), ids[1:]) * 35.0).backward()
    return [*layer.parameters(), *head.parameters()]


def _flat(params: list[Parameter]) -> Array:
    return np.concatenate([p.grad.data.ravel() for p in params if p.grad is not None])


def _after(params: list[Parameter], clip: Clip) -> Array:
    """The gradient as one vector after clipping; the parameters keep theirs."""
    before = [p.grad for p in params]
    clip(params)
    after = _flat(params)
    for p, g in zip(params, before, strict=True):
        p.grad = g
    return after


def _cos(a: Array, b: Array) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _degrees(a: Array, b: Array) -> str:
    return f"{np.degrees(np.arccos(min(1.0, _cos(a, b)))):.0f}°"
