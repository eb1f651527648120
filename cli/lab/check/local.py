"""Two mistakes in one equation, found step by step.

With an answer's own values in the place of what the equation gives, every step stands for itself: a mistake at one
step no longer runs on to the next. What a mistake adds to a step can then be told apart. Two mistakes in different
terms add up, so pairs are found by their sums; two in one term are tried one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cli.lab.check.chain import Chain, Padded
from cli.lab.check.explanations import Explanation
from cli.lab.check.forms import AGREE, Array
from cli.lab.check.pairs import LIKELY
from rnn.formulas import Equation
from rnn.formulas.registry import Values
from rnn.mutation import Mutant, mutants


def two_in_one(chain: Chain, quantity: str, mine: Mapping[Any, Array], most: int) -> Iterator[Explanation]:
    """Pairs of mistakes in the equation of a quantity that agree with `mine`, its values by index, step by step.

    At most so many pairs within one term are tried.
    """
    equations = {e.id: e for e, index, _ in chain.order if e.quantity == quantity and index in mine}
    if len(equations) != 1:
        return
    (e,) = equations.values()
    values = _with_answer(chain, quantity, mine)
    places = [(index, at) for other, index, at in chain.order if other.id == e.id and index in mine]
    right, wanted = _at(e, values, places), np.concatenate([np.ravel(mine[index]) for index, _ in places])
    if right is None or right.shape != wanted.shape:
        return
    tried = [
        (m, d) for m in mutants(e) if (d := _at(m.equation, values, places)) is not None and d.shape == wanted.shape
    ]
    yield from _by_sum(e, tried, right, wanted)
    count = 0
    for one in (m for m, d in tried if m.kind in LIKELY):
        for more in mutants(one.equation):
            if more.kind in LIKELY and (count := count + 1) > most:
                return
            found = _at(more.equation, values, places) if more.kind in LIKELY else None
            if found is not None and _agree(found, wanted):
                yield Explanation((one, more))


def _by_sum(e: Equation, tried: list[tuple[Mutant, Array]], right: Array, wanted: Array) -> Iterator[Explanation]:
    """Pairs whose differences from what is right add up to that of the answer."""
    if not tried:
        return
    differences = np.stack([d for _, d in tried]) - right
    size = max(float(np.abs(wanted).max()), 1e-12)
    for k, (one, _) in enumerate(tried):
        off = np.abs(differences[k + 1 :] + differences[k] - (wanted - right)).max(axis=1, initial=0)
        for n in np.flatnonzero(off <= AGREE * size):
            other = tried[k + 1 + int(n)][0]
            for more in mutants(one.equation):
                if (more.kind, more.was, more.now) == (other.kind, other.was, other.now):
                    yield Explanation((one, more))


def _agree(found: Array, wanted: Array) -> bool:
    return found.shape == wanted.shape and bool(
        np.abs(found - wanted).max() <= AGREE * max(np.abs(wanted).max(), 1e-12)
    )


def _with_answer(chain: Chain, quantity: str, mine: Mapping[Any, Array]) -> Values:
    """All right values, but the answer's for what was asked."""
    known = chain.known[quantity]
    if not isinstance(known, dict):
        return {**chain.start, **chain.known}
    start = chain.start[quantity]
    series = Padded({**start, **mine})
    series.like = known
    padded = {k: Padded(v) if isinstance(v, dict) else v for k, v in chain.known.items()}
    return {**padded, quantity: series}


def _at(e: Equation, values: Values, places: list[tuple[Any, dict[str, int]]]) -> Array | None:
    """What an equation gives at all its places, one after the other; None where it gives nothing."""
    try:
        with np.errstate(all="ignore"):
            return np.concatenate([np.ravel(e.at(values, **at)) for _, at in places])
    except (LookupError, ArithmeticError, AttributeError, TypeError, ValueError):
        return None
