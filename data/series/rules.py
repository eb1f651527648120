"""Series made by a rule and noise: the sine of the book, a rule that changes, a cause and its effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.checks import finite, not_negative, whole
from data.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """Values (N,) at times (N,), the signal (N,) in them, and the standard deviation of the noise upon it.

    Nobody can foresee the noise: `floor`, its variance, is the mean squared error of one who knows the signal.
    """

    times: Floats
    values: Floats
    signal: Floats
    noise: float

    @property
    def floor(self) -> float:
        """The mean squared error of the best prediction, noise²: values − signal is independent of every past."""
        return self.noise**2


def noisy_sine(rng: np.random.Generator, length: int = 1000, noise: float = 0.2, rate: float = 0.01) -> Series:
    """x_t = sin(rate · t) + N(0, noise²) for t = 1 … N [D2L 8.1.2; S1].

    As printed: N = 1000, sin(0.01 t), standard deviation 0.2. With `noise=0` two past values are enough:
    x_t = 2 cos(rate) x_{t−1} − x_{t−2}. Raises DataError for a length below 1 and noise below 0.
    """
    times = np.arange(1, whole(length, "length") + 1, dtype=np.float64)
    signal = np.sin(finite(rate, "rate", (0,)) * times)
    spread = not_negative(noise, "noise")
    return Series(times, signal + rng.normal(0.0, spread, len(times)), signal, spread)


@dataclass(frozen=True)
class SwitchedRule:
    """x_t = a_t x_{t−1} + N(0, noise²), where a_t is `before` up to t = N // 2 and `after` from there on.

    The premise of sharing one rule over t, stationarity, does not hold [S34]. x_0 has the variance that the first
    rule keeps, noise² / (1 − before²). Raises DataError for a length below 4, a rule not inside (−1, 1), and noise
    of 0 or less.
    """

    before: float
    after: float
    length: int = 1000
    noise: float = 1.0

    def __post_init__(self) -> None:
        whole(self.length, "length", 4)
        if not_negative(self.noise, "noise") == 0:
            raise DataError("noise is 0", "noise", "give a standard deviation above 0")
        for name, rule in (("before", self.before), ("after", self.after)):
            if not -1 < rule < 1:
                raise DataError(
                    f"{name} is {rule}", name, "give a number between −1 and 1, so that values stay bounded"
                )

    @property
    def rules(self) -> Floats:
        """a_t for t = 1 … N−1, (N−1,)."""
        return np.where(np.arange(1, self.length) <= self.length // 2, self.before, self.after)

    def sample(self, rng: np.random.Generator) -> Floats:
        """A series (N,)."""
        values = rng.normal(0.0, self.noise, self.length)
        values[0] /= np.sqrt(1 - self.before**2)
        for t, rule in enumerate(self.rules, 1):
            values[t] += rule * values[t - 1]
        return values

    @property
    def floor(self) -> float:
        """The expected squared error of one who knows x_{t−1} and t: noise², for the rule at t is then known."""
        return self.noise**2

    @property
    def shared_floor(self) -> float:
        """That of the best single rule x̂_t = c x_{t−1}, which is told no t, over t = 1 … N−1.

        With v_t = E x_t², v_t = a_t² v_{t−1} + noise², its cost is noise² + mean_t (a_t − c)² v_{t−1}, least at
        c = Σ a_t v_{t−1} / Σ v_{t−1}. For opposite rules, a and −a, and equal halves c = 0 and the cost is all of
        the variance, noise² / (1 − a²).
        """
        rules, power = self.rules, self._power()
        shared = rules @ power / power.sum()
        return float(self.noise**2 + np.mean((rules - shared) ** 2 * power))

    def _power(self) -> Floats:
        """E x_{t−1}² for t = 1 … N−1."""
        power = [self.noise**2 / (1 - self.before**2)]
        for rule in self.rules[:-1]:
            power.append(rule**2 * power[-1] + self.noise**2)
        return np.array(power)


class CauseEffect(NamedTuple):
    """Pairs of numbers, (n,) each, of which the first brought the second about."""

    cause: Floats
    effect: Floats


RULES: Mapping[str, Callable[[Floats], Floats]] = {"cubic": lambda x: x + x**3, "linear": lambda x: x}
"""Name → f of effect = f(cause) + noise."""


def cause_and_effect(rule: str, count: int, rng: np.random.Generator, noise: float = 1.0) -> CauseEffect:
    """cause ~ N(0, 1), effect = f(cause) + N(0, noise²), with f(x) = x + x³ ("cubic") or f(x) = x ("linear") [S4].

    Forward, the variance of effect − f(cause) is noise² at every cause, for both rules. Backward it tells them
    apart: for the linear rule the cause given the effect y is N(y / (1 + noise²), noise² / (1 + noise²)), as even
    as before, so that no direction can be read off; for the cubic one it is wide near 0, where f is flat, and
    narrow far out, about noise² / f′(x)². Raises DataError for an unknown rule, a count below 1 and noise below 0.
    """
    if rule not in RULES:
        raise DataError(f'there is no rule "{rule}"', "rule", f"choose from {', '.join(RULES)}")
    cause = rng.standard_normal(whole(count, "count"))
    return CauseEffect(cause, RULES[rule](cause) + rng.normal(0.0, not_negative(noise, "noise"), len(cause)))
