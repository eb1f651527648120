"""The pages on length: what a network costs to describe, and how far it runs past what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.hidden_state.separate import Separate, Shared, learned
from minigrad import cross_entropy
from minigrad.graph import Array
from minigrad.optim import Adam
from rnn.errors import RnnError

NOTHING, ON, OFF = range(3)
_KNOBS = {
    "trained": between(4, 8),
    "longer": between(12, 200, full=100),
    "units": between(6, 16),
    "examples": between(24, 96),
    "updates": between(150, 600, full=600),
}


@experiment(units=_KNOBS["units"])
def counts(units: int = 8, *, rng: np.random.Generator) -> Result:
    """How many numbers there are to learn, for sequences of several lengths."""
    lengths = (1, 2, 4, 6, 8)
    shared = Shared(3, units, 2, rng)
    one = [learned(shared(np.zeros((t, 1), int)).sum()) for t in lengths]
    own = [learned(Separate(shared, t)(np.zeros((t, 1), int)).sum()) for t in lengths]
    columns: tuple[Column, ...] = (("T", "text"), ("shared", "text"), ("of their own", "text"))
    found = tuple((str(t), f"{a:,}", f"{b:,}") for t, a, b in zip(lengths, one, own, strict=True))
    return Result(
        (
            Table(columns, found, f"numbers to learn, {units} hidden units, counted in the engine's record"),
            Plot("numbers to learn", (curve("of their own", lengths, own), curve("shared", lengths, one)), "T"),
        ),
        (
            at_most("shared: most less fewest, over all T", max(one) - min(one), 0),
            at_least("of their own: at the longest T, as a multiple of T = 1", own[-1] / own[0], lengths[-1]),
        ),
    )


def lamp(switches: Array) -> Array:
    """Whether the lamp is on (T, B), given who pressed what: off at first, then as the last switch pressed says."""
    lit = np.zeros_like(switches)
    now = np.zeros_like(switches[0])
    for t, pressed in enumerate(switches):
        now = np.where(pressed == NOTHING, now, pressed == ON)
        lit[t] = now
    return lit


@experiment(trained=_KNOBS["trained"])
def task(trained: int = 6, *, rng: np.random.Generator) -> Result:
    """A few sequences of the task."""
    switches = rng.integers(0, 3, (trained, 3))
    lit = lamp(switches)
    lines = []
    for pressed, now in zip(switches.T, lit.T, strict=True):
        lines += ["pressed  " + " ".join("·+−"[k] for k in pressed), "lamp     " + " ".join("○●"[k] for k in now), ""]
    return Result((Excerpt("\n".join(lines[:-1]), "\n+ on   − off   · nothing      ● lit   ○ dark"),))


@dataclass(frozen=True)
class Trained:
    """Both networks after the same updates on the same sequences, and fresh sequences to ask about."""

    shared: Shared
    separate: Separate
    known: Array
    fresh: Array
    long: Array


@cache
def trained_networks(trained: int, longer: int, units: int, examples: int, updates: int, seed: int) -> Trained:
    """Train both; the separate network starts with the shared one's numbers."""
    rng = np.random.default_rng(seed)
    known, fresh, long = (rng.integers(0, 3, shape) for shape in ((trained, examples), (trained, 500), (longer, 500)))
    shared = Shared(3, units, 2, rng)
    separate = Separate(shared, trained)
    for network in (shared, separate):
        fit(network, known, updates)
    return Trained(shared, separate, known, fresh, long)


def fit(network: Shared | Separate, switches: Array, updates: int) -> None:
    """Adam on all sequences at once."""
    optimizer = Adam(network.parameters(), 0.03)
    for _ in range(updates):
        optimizer.zero_grad()
        cross_entropy(network(switches), lamp(switches)).backward()
        optimizer.step()


def right(network: Shared | Separate, switches: Array) -> Array:
    """The share of right answers at each position (T,)."""
    return np.mean(network(switches).data.argmax(-1) == lamp(switches), axis=1)


@experiment(**_KNOBS)
def past_the_end(
    trained: int = 6, longer: int = 12, units: int = 8, examples: int = 32, updates: int = 250, *, seed: int
) -> Result:
    """Both networks on what they know, on fresh sequences, and past the trained length."""
    both = trained_networks(trained, longer, units, examples, updates, seed)
    shared, separate = (
        (right(n, both.known).mean(), right(n, both.fresh).mean()) for n in (both.shared, both.separate)
    )
    by_position = right(both.shared, both.long)
    beyond = float(by_position[trained:].mean())
    columns: tuple[Column, ...] = (("right answers", "text"), ("shared", "text"), ("of their own", "text"))
    found = (
        (f"{examples} sequences it trained on", f"{shared[0]:.1%}", f"{separate[0]:.1%}"),
        ("fresh ones, as long", f"{shared[1]:.1%}", f"{separate[1]:.1%}"),
        (f"positions {trained + 1} to {longer}", f"{beyond:.1%}", "none"),
        ("numbers learned", str(_size(both.shared)), str(_size(both.separate))),
    )
    return Result(
        (
            Table(columns, found, f"trained on T = {trained}, {updates} updates each"),
            Excerpt(refusal(both.separate, both.long), f"the separate network, asked for {longer} steps"),
        ),
        (
            at_least("shared weights: right past the trained length", beyond, 0.85),
            at_most("separate weights: positions answered past the trained length", answered(both) - trained, 0),
            at_least("where both answer, shared less separate, on fresh ones", shared[1] - separate[1], -0.02),
        ),
    )


def _size(network: Shared | Separate) -> int:
    return sum(p.size for p in network.parameters())


def refusal(network: Separate, switches: Array) -> str:
    """What the network says when asked for more than it has weights for; empty if it answers."""
    try:
        network(switches)
    except RnnError as error:
        return str(error)
    return ""


def answered(both: Trained) -> int:
    """For how many positions the separate network gives scores, asked for ever longer beginnings."""
    lengths = range(1, len(both.long) + 1)
    return sum(not refusal(both.separate, both.long[:n, :1]) for n in lengths)
