"""The pages on words run together: where one ends, and how far around it the network looks."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.bidirectional.networks import VIEWS, Reader, View, fit, mean_loss, reader, size
from cli.lessons.bidirectional.text import LETTERS, ROWS, WINDOW, story, windows, without_spaces
from minigrad import Tensor, grad, no_grad
from minigrad.graph import Array

KNOBS = {"width": between(24, 32, full=32), "training": between(200, 400, full=400)}
AROUND = 12  # steps to either side that the plot shows
AHEAD = 3


@cache
def joined(held_out: bool) -> tuple[Array, Array]:
    """The letters of the story without spaces, and where words end."""
    return without_spaces(story().held_out if held_out else story().training)


@cache
def divider(view: View, ahead: int, width: int, training: int, seed: int) -> Reader:
    """A network trained to say after which letters a word ends."""
    rng, (letters, ends) = np.random.default_rng([seed, ahead]), joined(False)
    network = reader(len(LETTERS) - 1, width, 2, view, rng, ahead)

    def batch() -> tuple[Array, Array, None]:
        starts = rng.integers(letters.size - WINDOW, size=ROWS)
        return windows(letters, starts, WINDOW), windows(ends, starts, WINDOW), None

    fit(network, batch, training, rate=0.015)
    return network


@experiment(**KNOBS)
def words(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """Where words end in a text without spaces, from one side and from both."""
    letters, ends = joined(True)
    kinds: tuple[tuple[View, int], ...] = (("left", 0), ("left", AHEAD), ("both", 0))
    rows, nats, wrong, read = [], {}, {}, {}
    for view, ahead in kinds:
        network = divider(view, ahead, width, training, seed)
        with no_grad():
            scores = network(letters[:, None])
            nats[view, ahead] = mean_loss(scores, ends[:, None]).item()
        said = scores.data[:, 0].argmax(-1)
        wrong[view, ahead], read[view, ahead] = float((said != ends).mean()), said
        rows.append((_name(view, ahead), str(size(network)), nats[view, ahead], 1 - wrong[view, ahead]))
    columns: tuple[Column, ...] = (("reads", "text"), ("weights", "text"), ("nats", "number"), ("right", "share"))
    mistakes = wrong["both", 0] / wrong["left", 0]
    start = int(np.flatnonzero(ends[: letters.size // 2])[-1]) + 1
    shown = "\n".join(f"{name:6}{divided(letters, cut, start)}" for name, cut in (
        ("", np.zeros_like(ends)), ("left", read["left", 0]), ("both", read["both", 0]), ("right", ends)))  # fmt: skip
    return Result(
        (Table(columns, tuple(rows), f"{letters.size:,} held-out letters, {training} updates"),
         Excerpt(shown.replace("right ", "story "), "\nthe text as given, as two networks divide it, and as it was")),
        (
            at_most("from both sides: mistakes, as a share of those from the left", mistakes, 0.85),
            at_most("nats from both sides, as a share of those from the left", nats["both", 0] / nats["left", 0], 0.85),
            at_most("a delay helps the left as well: share of its nats", nats["left", AHEAD] / nats["left", 0], 0.9),
        ),
    )  # fmt: skip


def _name(view: View, ahead: int) -> str:
    return VIEWS[view] + (f", {ahead} letters late" if ahead else "")


def divided(letters: Array, ends: Array, start: int, room: int = 46) -> str:
    """A piece of the text with a space wherever `ends` says so."""
    pieces = (LETTERS[k + 1] + " " * int(e) for k, e in zip(letters[start:], ends[start:], strict=True))
    text = ""
    for piece in pieces:
        if len(text + piece) > room:
            break
        text += piece
    return text


@experiment(**KNOBS)
def around(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """How much the scores at one step feel the input at the steps around it."""
    letters, _ = joined(True)
    starts = np.linspace(0, letters.size - 2 * AROUND - 1, 24).astype(int)
    ids = windows(letters, starts, 2 * AROUND + 1)
    kinds: dict[tuple[View, int], str] = {
        ("both", 0): "both sides",
        ("left", AHEAD): f"left, {AHEAD} late",
        ("left", 0): "left",
    }
    felt = {kind: sensitivity(divider(*kind, width, training, seed), ids) for kind in kinds}
    steps = np.arange(-AROUND, AROUND + 1)
    curves = tuple(
        curve(name, steps[f > 0].tolist(), f[f > 0].tolist())
        for f, name in zip(felt.values(), kinds.values(), strict=True)
    )
    both, late, left = felt.values()
    centre = float(np.abs(steps) @ both / both.sum())
    return Result(
        (Plot("‖∂o⁽ᵗ⁾/∂x⁽ˢ⁾‖ on held-out text", curves, "s − t", log=True),),
        (
            at_most("both sides: the most felt input, steps away from t", abs(int(steps[both.argmax()])), 1),
            at_most("both sides: the mean distance of what is felt, in steps", centre, AROUND / 3),
            at_least("both sides: even the last step shown is felt", min(both[0], both[-1]), 1e-12),
            at_most("from the left, what comes after t is not felt at all", left[AROUND + 1 :].max(), 0),
            at_most("a delay ends the view exactly where it says", late[AROUND + AHEAD + 1 :].max(), 0),
            at_least("and up to there it sees", late[AROUND : AROUND + AHEAD + 1].min(), 1e-9),
        ),
    )


def sensitivity(network: Reader, ids: Array) -> Array:
    """‖∂o⁽ᵗ⁾/∂x⁽ˢ⁾‖ for the middle step t and each s (T,), the root of its mean square over the columns of ids."""
    x = Tensor(np.eye(len(LETTERS) - 1)[ids], requires_grad=True)
    middle = network(x)[len(ids) // 2]
    squares = np.zeros(len(ids))
    for unit in range(middle.shape[-1]):
        seed = np.zeros(middle.shape)
        seed[:, unit] = 1
        squares += (grad(middle, x, seed=seed, retain_graph=True).data ** 2).sum(-1).mean(-1)
    return np.sqrt(squares)
