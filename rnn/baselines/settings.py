"""The numbers a smoothing is given: one, or one per order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnn.baselines.discounts import Discount
from rnn.errors import RnnError
from rnn.metrics import Floats

Numbers = float | Sequence[float]


@dataclass(frozen=True)
class Settings:
    """A smoothing by name, and its numbers, one per order."""

    smoothing: str
    epsilon: tuple[float, ...]
    weight: tuple[float, ...]
    discount: tuple[Discount | None, ...]


def epsilons(epsilon: Numbers, order: int) -> tuple[float, ...]:
    """One ε per order; the bounds keep n + ε V finite and ε P above underflow."""
    values = numbers(epsilon)
    allowed = (values == 0) | (values >= 1e-100) & (values <= 1e100)
    if values.shape not in ((), (order,)) or not allowed.all():
        remedy = f"give 0 or a number from 1e-100 to 1e100, or {order} such numbers"
        raise RnnError(f"epsilon is {epsilon!r}", "NGram", remedy)
    return tuple(np.broadcast_to(values, order).tolist())


def weights(weight: Numbers | None, smoothing: str, order: int) -> tuple[float, ...] | None:
    """One λ per order, or None where they are to be learnt."""
    if weight is None:
        return None
    if smoothing != "jelinek-mercer":
        raise RnnError(f"{smoothing} takes no weight", "NGram", "leave it out, or choose jelinek-mercer")
    values = numbers(weight)
    if values.shape not in ((), (order,)) or not ((values >= 0) & (values <= 1)).all():
        raise RnnError(f"weight is {weight!r}", "NGram", f"give a number from 0 to 1, or {order} such numbers")
    return tuple(np.broadcast_to(values, order).tolist())


def discounts(discount: object, smoothing: str, order: int) -> tuple[Discount | None, ...]:
    """A discount per order; None where it is to be estimated."""
    if discount is None:
        return (None,) * order
    if smoothing not in CEILINGS:
        raise RnnError(f"{smoothing} takes no discount", "NGram", f"leave it out, or choose from {', '.join(CEILINGS)}")
    ceilings = CEILINGS[smoothing]
    values = numbers(discount)
    table = values[..., None] if len(ceilings) == 1 else values
    if table.shape not in (ceilings.shape, (order, *ceilings.shape)) or not ((table >= 0) & (table < ceilings)).all():
        raise RnnError(f"discount is {discount!r}", "NGram", f"give {_wanted(len(ceilings), order)}")
    return tuple(Discount(tuple(row)) for row in np.broadcast_to(table, (order, len(ceilings))).tolist())


CEILINGS = {"absolute": np.array([1]), "kneser-ney": np.array([1]), "modified-kneser-ney": np.array([1, 2, 3])}
"""The smoothings whose discounts can be given, and what each number must stay below."""


def numbers(values: object) -> Floats:
    """As an array, NaN for what cannot be one."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array(np.nan)


def _wanted(count: int, order: int) -> str:
    if count == 1:
        return f"a number of at least 0 and below 1, or {order} of them"
    return f"D1 in [0, 1), D2 in [0, 2) and D3 in [0, 3), or {order} such rows"
