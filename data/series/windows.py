"""From a series to inputs and targets, and forecasts that feed on themselves [D2L 8.1.4; seed 004 8.1.5]."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.checks import finite, whole
from data.errors import DataError

Floats = NDArray[np.float64]


class Windows(NamedTuple):
    """Row i shows τ values in their order and the k values that come next."""

    inputs: Floats  # (n, τ): x_i … x_{i+τ−1}, the oldest first
    targets: Floats  # (n, k): x_{i+τ} … x_{i+τ+k−1}


def windows(values: ArrayLike, tau: int, steps: int = 1) -> Windows:
    """All n = N − τ − k + 1 windows of τ values of a series (N,), with k = `steps` targets each.

    With one step this is D2L's table of features and labels. Targets are always (n, k), so that they have the
    shape of a network's output. Raises DataError for τ or k below 1 and a series shorter than τ + k.
    """
    series, tau, steps = finite(values, "values"), whole(tau, "tau"), whole(steps, "steps")
    if len(series) < tau + steps:
        what = f"{len(series)} values are too few for windows of {tau} and {steps} ahead"
        raise DataError(what, "windows", f"give at least {tau + steps} values, or a smaller tau or steps")
    rows = np.lib.stride_tricks.sliding_window_view(series, tau + steps)
    return Windows(rows[:, :tau].copy(), rows[:, tau:].copy())


def by_time(found: Windows, training: int) -> tuple[Windows, Windows]:
    """(training, test): the first `training` windows, and all later ones that share no target with them.

    A target k steps ahead of one window is also a target of the k − 1 windows after it, so those are left out
    of both parts: what is tested on was never trained on. Test *inputs* may be values of the training part, as they
    would be on the day. Raises DataError where a part would be empty.
    """
    training, steps = whole(training, "training"), found.targets.shape[1]
    start = training + steps - 1
    if start >= len(found.inputs):
        what = f"{training} of {len(found.inputs)} windows leave none to test on"
        raise DataError(what, "by_time", f"train on at most {len(found.inputs) - steps}")
    return Windows(found.inputs[:training], found.targets[:training]), Windows(
        found.inputs[start:], found.targets[start:]
    )


def forecasts(predict: Callable[[Floats], ArrayLike], inputs: Floats, steps: int) -> Floats:
    """k = `steps` forecasts (n, k) from each window (n, τ), every one but the first made from forecasts too.

    x̂_{t+1} = f(x_{t−τ+1} … x_t), x̂_{t+2} = f(x_{t−τ+2} … x_t, x̂_{t+1}) and so on; `predict` is f, from (n, τ)
    to n numbers, (n,) or (n, 1). Column k − 1 is D2L's k-step forecast; one window and many steps run free.
    Raises DataError for windows that are not (n, τ), for steps below 1 and for an f that returns another number of
    values.
    """
    seen = finite(inputs, "inputs", (2,))
    made = np.empty((len(seen), whole(steps, "steps")))
    for step in range(made.shape[1]):
        made[:, step] = _one(predict(seen), len(seen))
        seen = np.concatenate([seen[:, 1:], made[:, step : step + 1]], axis=1)
    return made


def _one(said: ArrayLike, rows: int) -> Floats:
    array = np.asarray(said, dtype=np.float64)
    if array.shape not in {(rows,), (rows, 1)}:
        what = f"predict returned shape {array.shape} for {rows} windows"
        raise DataError(what, "forecasts", f"return {rows} numbers, one for each window")
    return array.reshape(rows)


@dataclass(frozen=True, eq=False)
class Scale:
    """z = (x − mean) / deviation, with moments of the training part only: a test part must not be looked at.

    The moments are numbers for a series (N,), or (I,) for I of them side by side, (N, I).
    """

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, training: ArrayLike) -> "Scale":
        """The scale in which `training` (N,) or (N, I) has mean 0 and variance 1 (the mean of squares, ddof 0).

        Raises DataError for an empty part and for one that does not vary.
        """
        values = finite(training, "training", (1, 2))
        if values.size == 0:
            raise DataError("there are no values to scale by", "Scale.of", "give the training part")
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        if (deviation == 0).any():
            raise DataError("the values do not vary", "Scale.of", "give a training part that does, or do not scale it")
        return cls(mean, deviation)

    def apply(self, values: ArrayLike) -> Floats:
        """Values in the scale of the training part."""
        return np.asarray((np.asarray(values) - self.mean) / self.deviation)

    def undo(self, values: ArrayLike) -> Floats:
        """Back to the units of the series."""
        return np.asarray(np.asarray(values) * self.deviation + self.mean)
