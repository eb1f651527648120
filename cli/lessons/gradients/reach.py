"""The page on how far a trained network sees: by its Jacobians, and by what it loses when it reads less."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lab.texts import prepare
from cli.lessons.gradients.networks import radius, walk_back
from cli.lessons.gradients.rates import strips
from minigrad import cross_entropy, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear
from minigrad.optim import Adam
from rnn.layers import RNN

_UNITS, _ROWS, _RATE = 32, 16, 0.01
_READ = (1, 2, 4, 8, 16, 32)
_WINDOW = _READ[-1]
_ASKED, _WALKS = 500, 12  # pieces of held-out text to predict the end of, and to walk back through


class Network(NamedTuple):
    """A layer that reads characters, and its scores."""

    layer: RNN
    head: Linear


@experiment(updates=between(150, 400, full=400))
def reach(updates: int = 150, *, rng: np.random.Generator) -> Result:
    """A network before and after it has learned from the bundled story."""
    text = prepare()
    network = drawn_for(len(text.vocab), rng)
    pieces = windows(text.held_out, _ASKED, rng)
    W = network.layer.weight_hh_l0
    drawn, radius_drawn, taken_drawn = mean_norms(network, pieces[:, :_WALKS]), radius(W.data), taken(network, pieces)
    fit(network, text.training, updates, rng)
    trained = mean_norms(network, pieces[:, :_WALKS])
    near = _WINDOW - 2
    perplexity = {n: float(np.exp(loss_after(network, pieces, n))) for n in _READ}
    columns: tuple[Column, ...] = (("characters read", "text"), ("held-out perplexity", "number"))
    return Result(
        (
            strips("ν⁽ᵗ⁾, mean over held-out text", {"drawn": drawn, "trained": trained}),
            Table(columns, tuple((str(n), p) for n, p in perplexity.items()), f"{_UNITS} units, {updates} updates"),
        ),
        (
            at_least("training makes ρ of W larger (ratio)", radius(W.data) / radius_drawn, 1.1),
            at_least("and ‖W‖ alone would let a gradient grow", float(np.linalg.norm(W.data, 2)), 1.5),
            at_most(
                "but tanh takes more than before (mean of log(1 − h²))", taken(network, pieces) - taken_drawn, -0.05
            ),
            at_least("two steps back more arrives than before (ratio)", trained[near] / drawn[near], 1.0),
            at_most(f"still, what {_WINDOW} steps leave of it", trained[0], 1e-3),
            at_least("perplexity having read one, to that having read all", perplexity[1] / perplexity[_WINDOW], 1.1),
            at_most("the same, having read eight", perplexity[8] / perplexity[_WINDOW], 1.03),
        ),
    )


def drawn_for(characters: int, rng: np.random.Generator) -> Network:
    """A network as it is drawn, for so many different characters."""
    layer = RNN(characters, _UNITS, dtype=np.float64, rng=rng)
    return Network(layer, Linear(_UNITS, characters, dtype=np.float64, rng=rng))


def windows(ids: Array, count: int, rng: np.random.Generator) -> Array:
    """Pieces of the text from anywhere, one in each column, and below each the character that follows."""
    at = rng.integers(ids.size - _WINDOW, size=count) + np.arange(_WINDOW + 1)[:, None]
    return np.take(ids, at)


def fit(network: Network, ids: Array, updates: int, rng: np.random.Generator) -> None:
    """Predict every next character of random pieces."""
    optimizer = Adam([*network.layer.parameters(), *network.head.parameters()], _RATE)
    for _ in range(updates):
        pieces = windows(ids, _ROWS, rng)
        optimizer.zero_grad()
        cross_entropy(network.head(network.layer(pieces[:-1])[0]), pieces[1:]).backward()
        optimizer.step()


def loss_after(network: Network, pieces: Array, read: int) -> float:
    """The mean loss at each piece's last character, of a network that has read only so many before it."""
    with no_grad():
        states = network.layer(pieces[-1 - read : -1])[0]
        return float(cross_entropy(network.head(states[-1]), pieces[-1]).item())


def taken(network: Network, pieces: Array) -> float:
    """The mean of log(1 − h²) over all units, steps and pieces: what tanh takes a step, on average."""
    with no_grad():
        return float(np.log(1 - network.layer(pieces[:-1])[0].data ** 2).mean())


def mean_norms(network: Network, pieces: Array) -> dict[int, float]:
    """ν⁽ᵗ⁾ of each piece, by the equations, and of these the geometric mean."""
    with no_grad():
        states = network.layer(pieces[:-1])[0].data
    start = np.zeros((_UNITS, 1))
    walks = [
        walk_back(network.layer.weight_hh_l0.data, dict(enumerate([start, *h[:, :, None]])))[1]
        for h in states.swapaxes(0, 1)
    ]
    return {t: float(np.exp(np.mean([np.log(nu[t]) for nu in walks]))) for t in walks[0]}
