"""The page on one step too far, in the smallest of networks."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.gradients.networks import KNOBS
from minigrad import Tensor, grad
from minigrad.nn import Parameter
from minigrad.optim import SGD, clip_grad_norm

_TARGET, _FAR = 0.5, 1.04  # what it should arrive at, and the weight to begin with
_RATE, _LIMIT = 0.05, 1.0


@experiment(wait=KNOBS["wait"])
def wall(wait: int = 25) -> Result:
    """The smallest network, h⁽ᵗ⁾ = w h⁽ᵗ⁻¹⁾ from 1: its loss against w, and updates from beyond the wall."""
    plain, clipped = _updates(wait, np.inf, 1), _updates(wait, _LIMIT, 3)
    pairs = zip_longest(plain, clipped, fillvalue=(None, None))
    rows = tuple((f"{n}", *map(_short, (*a, *b))) for n, (a, b) in enumerate(pairs))
    columns: tuple[Column, ...] = tuple((name, "text") for name in ("updates", "w", "loss", "w, clipped", "loss"))
    w = np.linspace(0.6, _FAR, 111).tolist()
    return Result(
        (Plot(f"loss against w, {wait} steps", (curve("loss", w, [_loss(v, wait).item() for v in w]),), "w"),
         Table(columns, rows, f"learning rate {_RATE}, clipped at {_LIMIT:g}")),
        (
            at_least("one plain update: the loss after it, to that before", plain[1][1] / plain[0][1], 1e3),
            at_most("three clipped updates: the loss after them, to that before", clipped[3][1] / clipped[0][1], 0.5),
            at_most("in front of the wall it is flat (slope at w = 0.6)", _slope(0.6, wait), 1e-2),
        ),
    )  # fmt: skip


def _short(v: float | None) -> str | None:
    return None if v is None else f"{v:.3g}".replace("-", "−")


def _loss(w: Tensor | float, steps: int) -> Tensor:
    h = Tensor(1.0)
    for _ in range(steps):
        h = h * w
    return (h - _TARGET) ** 2


def _slope(w: float, steps: int) -> float:
    at = Tensor(w, requires_grad=True)
    return float(abs(grad(_loss(at, steps), at).item()))


def _updates(steps: int, limit: float, count: int) -> list[tuple[float, float]]:
    """(w, loss) before the first update and after each."""
    w = Parameter(np.array(_FAR))
    optimizer, found = SGD([w], _RATE), []
    for _ in range(count):
        loss = _loss(w, steps)
        found.append((w.item(), loss.item()))
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm([w], limit)
        optimizer.step()
    return [*found, (w.item(), _loss(w, steps).item())]
