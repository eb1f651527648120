"""What goes wrong in training, recognised and named: numbers that are not finite, and a loss that stands still."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean, median

import numpy as np

from minigrad import AnomalyError, detect_anomaly
from minigrad.graph import Array
from rnn.errors import RnnError
from rnn.metrics import Ids, perplexity

_GROWN = 10  # times the usual norm: an explosion
_LATEST = 3  # gradients in which it shows
_CLIPPED = 1e3  # a larger bound clips nothing that matters
_FALLING = 0.02  # nats from one half of the updates watched to the other: it is still learning
_BETTER = 0.05  # nats below the unigram level: it has learned something


class TrainingStopped(RnnError):
    """A loss, gradient or weight that is infinite or NaN.

    `step` is the update (from 1), `fault` what was not finite first, the op or the array, `cause` the likely reason.
    """

    def __init__(self, what: str, step: int, fault: str, cause: str, remedy: str):
        super().__init__(f"{what}: {fault}", f"step {step:,}", f"{cause}, so {remedy}")
        self.step, self.fault, self.cause = step, fault, cause


def first_fault(given: Mapping[str, Array], again: Callable[[], object] | None = None) -> str:
    """What first was not finite: one of the arrays given, else an op while `again` runs; empty if nothing was."""
    for name, array in given.items():
        if not np.isfinite(array).all():
            return f"{name} is not finite"
    if again is None:
        return ""
    try:
        with np.errstate(all="ignore"), detect_anomaly():
            again()
    except AnomalyError as error:
        return str(error).replace(";", ",")
    return ""


def diagnosis(
    fault: str, norms: Sequence[float], lr: float, clip: float | None, clip_value: float | None
) -> tuple[str, str]:
    """The likely cause and what to do about it, from the norms of the last gradients, the latest one last."""
    finite = [norm for norm in norms if math.isfinite(norm)]
    usual, peak = median(finite or [0.0]), max(finite[-_LATEST:], default=0.0)
    clipped = clip_value is not None or (clip is not None and clip < _CLIPPED)
    lower = f"lower the learning rate, {lr:g}"
    if "log gave" in fault or "rule of log " in fault:
        return "the likely cause is the logarithm of 0", "keep what it is taken of above 0, or take log_softmax"
    if not finite:
        return "the likely cause is the first weights, which are too large", "draw smaller ones"
    if peak > _GROWN * usual > 0:
        grown = f"the likely cause is a gradient that exploded, its norm {peak:.2g} after a usual {usual:.2g}"
        return grown, lower if clipped else "clip it, say to a norm of 1"
    if not clipped:
        return "the likely cause is updates too long, of gradients that are not clipped", f"clip them, or {lower}"
    return "the likely cause is updates too long", lower


def unigram_nats(ids: Ids) -> float:
    """The entropy of the frequencies of tokens, −Σ p ln p: the loss of one who knows these and reads nothing."""
    counts = np.unique(np.asarray(ids), return_counts=True)[1]
    p = counts / counts.sum()
    return abs(float(-(p * np.log(p)).sum()))


@dataclass(frozen=True)
class Standstill:
    """A loss that stands at the unigram level: `nats` in the mean of the last `updates` updates."""

    updates: int
    nats: float
    unigram_nats: float

    @property
    def told(self) -> str:
        """What is the matter, in a sentence, with its figures."""
        return (
            f"for {self.updates:,} updates the perplexity has stood at {perplexity(self.nats):.3g}, no better than "
            f"counting single tokens ({perplexity(self.unigram_nats):.3g})"
        )

    @property
    def causes(self) -> str:
        """What it comes from most often."""
        return (
            "likely causes: a learning rate too small to move or so large that units saturate, first weights too "
            "small, or targets that do not belong to their inputs"
        )


class Plateau:
    """Watches losses for those of one who counts single tokens, where a network that uses no context gets stuck.

    Every network learns the frequencies first and stays there for a while. It is stuck once neither half of the last
    `patience` updates is better in the mean by 0.05 nats, nor the second half better than the first by 0.02. The
    networks of D2L 8.5 to 9.3 leave the level after 10 to 270 updates (a deep LSTM last).
    """

    def __init__(self, unigram_nats: float, patience: int = 500):
        if patience < 2:
            raise RnnError(f"a patience of {patience}", "Plateau", "give at least 2 updates")
        self.unigram_nats = unigram_nats
        self._losses: deque[float] = deque(maxlen=patience)
        self._seen, self._told = 0, False

    def see(self, loss: float) -> Standstill | None:
        """The loss of the next update, in nats; a standstill when it is recognised, which is once."""
        self._losses.append(loss)
        self._seen += 1
        patience = len(self._losses)
        if self._told or self._seen % max(1, patience // 10) or patience < (self._losses.maxlen or 0):
            return None
        half = patience // 2
        first, second = fmean(islice(self._losses, half)), fmean(islice(self._losses, half, None))
        if min(first, second) < self.unigram_nats - _BETTER or first - second > _FALLING:
            return None
        self._told = True
        return Standstill(patience, fmean(self._losses), self.unigram_nats)
