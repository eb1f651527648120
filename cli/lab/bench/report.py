"""The other results, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Any, Literal

from cli.lab.bench.results import PEERS, Times, Timing, quotient
from cli.lab.bench.workloads import Workload


@dataclass(frozen=True)
class Memory:
    """Bytes at the highest point of a training step, by implementation; or why they are not known."""

    workload: Workload
    by: Mapping[str, int | str]

    def of(self, name: str) -> float | None:
        """Our bytes over this one's; below 1 we need less."""
        ours, theirs = self.by.get("ours"), self.by.get(name)
        return ours / theirs if isinstance(ours, int) and isinstance(theirs, int) else None

    def row(self) -> dict[str, Any]:
        """Megabytes of 10⁶ bytes, and the quotient of ours and each peer's."""
        found: dict[str, Any] = {"workload": self.workload.name}
        for name, size in self.by.items():
            known = isinstance(size, int)
            found[f"{name}_mb"] = size / 1e6 if isinstance(size, int) else None
            found |= {} if known else {f"{name}_mb_reason": size}
        return found | {f"ours_of_{name}": self.of(name) for name in PEERS if name in self.by}


@dataclass(frozen=True)
class Length:
    """Our step at one number of steps and rows, among others that differ in one of them."""

    workload: Workload
    times: Times
    axis: Literal["T", "B"]

    @property
    def per_token(self) -> float | None:
        """Seconds for one of the T·B tokens: the same at any length, if cost grows linearly."""
        return quotient(self.times.seconds, float(self.workload.steps * self.workload.batch))

    def row(self) -> dict[str, Any]:
        """Milliseconds of the step and nanoseconds of a token."""
        seconds, token = self.times.seconds, self.per_token
        found = {
            "workload": self.workload.name, "steps": self.workload.steps, "batch": self.workload.batch,
            "ours_ms": seconds and seconds * 1e3, "ns_per_token": token and token * 1e9,
        }  # fmt: skip
        return found if seconds else {**found, "ours_ms_reason": self.times.missing}


Result = Timing | Memory | Length


@dataclass(frozen=True)
class Report:
    """All results, and the versions that took part; `gpu` is what they ran on, "" if that was the processor."""

    results: tuple[Result, ...]
    versions: Mapping[str, str]
    cores: int
    gpu: str = ""

    @property
    def timings(self) -> list[Timing]:
        """Of training steps and of generation."""
        return [r for r in self.results if isinstance(r, Timing)]

    @property
    def disagreeing(self) -> list[str]:
        """Who computed something else than the others, and where."""
        return [f"{name} in {t.workload.name}" for t in self.timings for name, times in t.by.items() if times.wrong]

    @property
    def counted(self) -> list[float]:
        """Ratios of the training steps that have one."""
        return [t.ratio for t in self.timings if t.ratio is not None and not t.workload.tokens]

    @property
    def mean(self) -> float | None:
        """Their geometric mean."""
        return geometric_mean(self.counted) if self.counted else None

    def last_row(self) -> dict[str, Any]:
        """The mean, of how many, and with what it was measured."""
        found: dict[str, Any] = {"geometric_mean": self.mean, "of": len(self.counted)}
        if self.mean is None:
            found["geometric_mean_reason"] = "no training step has a ratio"
        found |= {"cores": self.cores, "versions": dict(self.versions)}
        return found | {"gpu": self.gpu, "tf32": False} if self.gpu else found
