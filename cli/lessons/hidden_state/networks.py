"""One small network for all pages, under the names that each page's equations use."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between
from cli.lab.figures import Table
from rnn.formulas.registry import Values
from rnn.verify import engine_values
from rnn.witnesses import random_network
from rnn.witnesses.recursions import Rows, System, random_recursion

TINY = {"hidden": between(1, 4), "steps": between(3, 4)}
INPUTS, SCORES = 3, 4


@cache
def driven(hidden: int, steps: int, seed: int, family: str = "driven") -> System:
    """One sequence of letters. Few decimals, so that the printed numbers are the ones used, and products too."""
    rng = np.random.default_rng(seed)
    p = random_network("elman", rng, steps=steps, inputs=INPUTS, hidden=hidden, vocabulary=SCORES)
    layer = p.layer
    # W turns the state and hardly shrinks it, so that what was read is still to be seen after these few steps.
    layer.weight_hh_l0.assign(0.95 * np.linalg.qr(layer.weight_hh_l0.data)[0])
    for bias in (layer.bias_ih_l0, layer.bias_hh_l0):
        assert bias is not None  # a random problem has both
        bias.assign(0.2 * bias.data)
    for q in (*layer.parameters(), *p.head.parameters()):
        q.assign(np.round(q.data, 2))
    x = np.eye(INPUTS)[rng.integers(0, INPUTS, steps)] if family == "driven" else np.zeros((steps, INPUTS))
    return System(family, layer, x, (np.round(0.5 * p.h0, 1),), p.targets, p.head)


@cache
def rows(hidden: int, steps: int, seed: int) -> Rows:
    """The same network reading two sequences that differ in their first letter only: acb… and bcb…."""
    one = driven(hidden, steps, seed)
    ids = np.array([[0, 1], [2, 2], [1, 1], [0, 0]])[:steps]
    h0 = np.stack([one.h0, one.h0])
    return Rows("rows", one.layer, np.eye(INPUTS)[ids], (h0,), ids, one.head)


def random_rows(rng: np.random.Generator) -> Values:
    """A batch of random sizes, all different: n, d and h."""
    n, d, h = (int(k) for k in rng.permutation(np.arange(2, 9))[:3])
    return engine_values(random_recursion("rows", rng, rows=n, inputs=d, hidden=h, steps=3))


def shapes(known: Values) -> Table:
    """Who has which shape, in letters and in numbers."""
    named = {
        "Xₜ": ("n × d", known["X"][1]), "W_xh": ("d × h", known["W_xh"]), "Hₜ₋₁, Hₜ": ("n × h", known["H"][1]),
        "W_hh": ("h × h", known["W_hh"]), "b_h": ("1 × h", known["b_h"]), "W_hq": ("h × q", known["W_hq"]),
        "Oₜ": ("n × q", known["O"][1]),
    }  # fmt: skip
    found = tuple((name, letters, " × ".join(map(str, a.shape))) for name, (letters, a) in named.items())
    return Table((("", "text"), ("shape", "text"), ("here", "text")), found)
