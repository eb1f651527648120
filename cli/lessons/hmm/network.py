"""The page on a recurrent network that hears the same and is told nothing of states."""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, Traces, at_least, at_most
from cli.lessons.hmm.house import LONG_AGO, NAMES, house, letters
from data import sequential_batches
from minigrad import no_grad
from minigrad.graph import Array
from minigrad.optim import Adam
from rnn.baselines import MarkovChain
from rnn.metrics import Ints
from rnn.models import LanguageModel
from rnn.training import Trainer

_READ, _ASKED, _BATCH, _WINDOW = 40_000, 10_000, 32, 40
_TRACED = 90
STORM = NAMES.index("storm")


@cache
def texts(seed: int) -> tuple[Ints, Ints]:
    """A record to learn from, and one to be asked about."""
    rng, model = np.random.default_rng([seed, 23]), house(LONG_AGO)
    return model.sample(_READ, rng).ids, model.sample(_ASKED, rng).ids


@cache
def trained(units: int, updates: int, seed: int) -> LanguageModel:
    """An Elman network that has learned to foretell the next sound."""
    rng, (read, _) = np.random.default_rng([seed, 24]), texts(seed)
    model = LanguageModel(3, units, 1, cell="rnn", rng=rng)
    optimizer = Adam(model.parameters(), 0.01)
    trainer = Trainer(model, optimizer, lambda rng: sequential_batches(read, _BATCH, _WINDOW, rng=rng), rng=rng)
    list(islice(trainer.steps(), updates))
    return model


def read_off(states: Array, wanted: Array) -> tuple[Array, float]:
    """`wanted` from states by a linear map that is fitted to one half: its values on the other, and R² there."""
    rows = np.column_stack([states, np.ones(len(states))])
    half = len(rows) // 2
    found = rows[half:] @ np.linalg.lstsq(rows[:half], wanted[:half], rcond=None)[0]
    return found, 1 - float(((wanted[half:] - found) ** 2).sum() / ((wanted[half:] - wanted[half:].mean(0)) ** 2).sum())


@experiment(units=between(12, 32), updates=between(250, 800, full=800))
def by_itself(units: int = 16, updates: int = 300, *, seed: int) -> Result:
    """The network's forecasts against the forward pass, and π read off from its hidden state."""
    (read, ask), model = texts(seed), house(LONG_AGO)
    network = trained(units, updates, seed)
    chains = {k: MarkovChain(k, epsilon=0.1).fit(read, vocabulary=3) for k in (1, 3)}
    nats = {
        "a Markov chain of order 1": chains[1].log_probs(ask), "of order 3": chains[3].log_probs(ask),
        f"a network of {units} units": network.log_probs(ask), "the forward pass": model.log_probs(ask),
    }  # fmt: skip
    losses = {name: -float(np.mean(logs)) for name, logs in nats.items()}
    first, third, net, exact = losses.values()
    with no_grad():
        states = network.rnn(ask[:, None])[0].data[:-1, 0].astype(np.float64)
    wanted = np.exp(model.forward(ask, form="predictive").log_rows[1:])
    seen, share = read_off(states, wanted)
    share_of_sound = read_off(np.eye(3)[ask[:-1]], wanted)[1]
    half = len(wanted) // 2
    piece = slice(half, half + _TRACED)
    rows = (("π", tuple(wanted[piece, STORM].tolist())), ("read off", tuple(seen[:_TRACED, STORM].tolist())))
    columns: tuple[Column, ...] = (("", "text"), ("nats, unread", "number"))
    return Result(
        (Table(columns, tuple(losses.items()), f"{updates} updates of {_BATCH} × {_WINDOW} sounds"),
         Traces(letters(ask[piece]), rows, "P(storm at the next step | heard so far)")),
        (
            at_most("the network, above the forward pass (nats)", net - exact, 0.02),
            at_least("it beats a Markov chain of order 1, by", first - net, 0.03),
            at_least("nobody beats the forward pass: the others less it", min(first, third, net) - exact, -1e-3),
            at_least("π read off from its state by a straight line: R² where it was not fitted", share, 0.9),
            at_most("from the last sound alone: R²", share_of_sound, 0.75),
        ),
    )  # fmt: skip
