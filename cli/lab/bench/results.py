"""Times of a workload, frozen, and under which names programs read them. Numbers that are missing say why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from cli.lab.bench.products import flops
from cli.lab.bench.workloads import Workload

PEERS = ("torch", "torch_compile", "jax")
"""Those with the fastest of which we are compared."""


@dataclass(frozen=True)
class Times:
    """Seconds of a step, the median of each round, with the number of threads; or why there are none.

    `wrong` where the reason is that something else was computed.
    """

    rounds: tuple[float, ...] = ()
    threads: int | None = None
    missing: str = ""
    wrong: bool = False

    @property
    def seconds(self) -> float | None:
        """The median of the rounds."""
        return median(self.rounds) if self.rounds else None


@dataclass(frozen=True)
class Timing:
    """A workload by every implementation; `by` has a name for each that takes part in it."""

    workload: Workload
    by: Mapping[str, Times]

    @property
    def faster_peer(self) -> str | None:
        """The name of the fastest."""
        measured = [(s, name) for name in PEERS if name in self.by and (s := self.by[name].seconds)]
        return min(measured)[1] if measured else None

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the fastest peer: the quotient of the medians over all rounds."""
        return self.times_as_fast_as(self.faster_peer)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The same within each round."""
        peer = self.faster_peer
        if peer is None:
            return ()
        return tuple(theirs / ours for ours, theirs in zip(self.by["ours"].rounds, self.by[peer].rounds, strict=False))

    def times_as_fast_as(self, name: str | None) -> float | None:
        """How many times as fast we are as this one; None where one of the two is missing."""
        return quotient(self._seconds(name), self._seconds("ours"))

    @property
    def floor_share(self) -> float | None:
        """What part of our time the products alone take; 1 were a step that does nothing else."""
        return quotient(self._seconds("floor"), self._seconds("ours"))

    @property
    def gflops(self) -> float | None:
        """Products per second in our step, in 10⁹ operations."""
        seconds, operations = self._seconds("ours"), flops(self.workload)
        return operations / seconds / 1e9 if seconds and operations else None

    def _seconds(self, name: str | None) -> float | None:
        return self.by[name].seconds if name is not None and name in self.by else None

    def row(self) -> dict[str, Any]:
        """Milliseconds of a step, or of the generation of all tokens; `_low` and `_high` over the rounds."""
        found: dict[str, Any] = {"workload": self.workload.name}
        for name in ("ours", "torch", "jax"):
            found |= self._cell(name)
        found |= {"ratio": self.ratio, "floor_share": self.floor_share}
        if self.ratio is None:
            found["ratio_reason"] = self.by["ours"].missing or "no peer was measured"
        if self.floor_share is None:
            found["floor_share_reason"] = _why(self.by.get("floor")) or self.by["ours"].missing
        for name in (n for n in self.by if n not in ("ours", "torch", "jax")):
            found |= self._cell(name)
        found |= {
            "ratio_low": min(self.ratios, default=None), "ratio_high": max(self.ratios, default=None),
            "gflops": self.gflops, "mflop": flops(self.workload) / 1e6 or None,
            "rounds": len(self.by["ours"].rounds),
        }  # fmt: skip
        return found

    def _cell(self, name: str) -> dict[str, Any]:
        times = self.by.get(name)
        if times is None or times.seconds is None:
            return {f"{name}_ms": None, f"{name}_ms_reason": _why(times)}
        return {f"{name}_ms": times.seconds * 1e3, f"{name}_threads": times.threads}


def disagreement(found: Sequence[float], expected: Sequence[float]) -> float:
    """Largest relative error of numbers that should be the same; infinite if there are more, or one is not finite."""
    if len(found) != len(expected):
        return math.inf
    errors = [abs(a - b) / max(abs(b), 1e-12) for a, b in zip(found, expected, strict=True)]
    return max((e if math.isfinite(e) else math.inf for e in errors), default=0.0)


def quotient(a: float | None, b: float | None) -> float | None:
    """None where one of them is missing or 0."""
    return a / b if a and b else None


def _why(times: Times | None) -> str:
    return times.missing if times else "does not apply"
