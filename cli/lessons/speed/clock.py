"""Times for looking at: of several works in turn, so that a busy moment of the machine is everybody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Work = Callable[[], object]


@dataclass(frozen=True)
class Times:
    """Seconds of each work, round by round; in each round every work had its turn."""

    rounds: Mapping[str, tuple[float, ...]]

    def seconds(self, name: str) -> float:
        """The median of its rounds."""
        return median(self.rounds[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times as long `slow` took as `fast` in the same round, the median over the rounds."""
        return median(a / b for a, b in zip(self.rounds[slow], self.rounds[fast], strict=True))


def in_turn(
    works: Mapping[str, Work], *, seconds: float = 0.3, least: int = 3, most: int = 15, cold: bool = True
) -> Times:
    """Each once to warm up if they are cold, then in rounds until the time is over, from `least` to `most` of them."""
    for work in works.values() if cold else ():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    end = perf_counter() + seconds
    for turn in range(most):
        if turn >= least and perf_counter() > end:
            break
        for name, work in works.items():
            found[name].append(_taken(work))
    return Times({name: tuple(each) for name, each in found.items()})


def _taken(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def ms(seconds: float) -> str:
    """Milliseconds as people read them."""
    return f"{seconds * 1e3:.3g}" if seconds < 0.9995 else f"{seconds * 1e3:,.0f}"


def us(seconds: float) -> str:
    """Microseconds."""
    return ms(seconds * 1e3)
