"""What `engine.py` finds out, a row each, and how a row reads."""

from dataclasses import dataclass


def duration(s):
    """Three digits and a unit that suits."""
    unit, size = next(((u, k) for u, k in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)) if s >= k), ("ns", 1e-9))
    return f"{s / size:.3g} {unit}"


def aligned(ratio, low, high, goal):
    """The columns that rows have in common."""
    return f"{ratio:5.2f}  {f'({low:.2f}-{high:.2f})':<13} {goal:<12}"


@dataclass(frozen=True)
class Ratio:
    """Our time over a peer's: of the medians, and the range over the rounds."""

    what: str
    peer: str
    ours_s: float
    peer_s: float
    ratio: float
    low: float
    high: float
    goal: float

    def text(self):
        front = aligned(self.ratio, self.low, self.high, f"at most {self.goal:.2f}")
        return f"{front} {self.what}: minigrad {duration(self.ours_s)}, {self.peer} {duration(self.peer_s)}"


@dataclass(frozen=True)
class Missing:
    """A ratio that could not be taken."""

    what: str
    missing: str
    why: str
    remedy: str

    def text(self):
        return f"{'-':>5}  {self.what}: not measured, {self.missing} is missing ({self.why}); {self.remedy}"


@dataclass(frozen=True)
class Chain:
    """Time per node of chains, shortest first; `ratio` is that of the longest over that of the shortest."""

    what: str
    lengths: list[int]
    forward_s: list[float]
    backward_s: list[float]
    ratio: float
    low: float
    high: float

    def text(self):
        rows = zip(self.lengths, self.forward_s, self.backward_s, strict=True)
        each = "; ".join(f"{n:,} nodes {duration(f)} + {duration(b)}" for n, f, b in rows)
        return f"{aligned(self.ratio, self.low, self.high, 'linear is 1')} {self.what}: {each}"


@dataclass(frozen=True)
class Memory:
    """Bytes alive after backward: of arrays, found and expected, and of all other objects."""

    what: str
    arrays: int
    expected: int
    other: int

    def text(self):
        ratio = self.arrays / self.expected
        front = aligned(ratio, ratio, ratio, "exactly 1")
        return (
            f"{front} {self.what}: {self.arrays:,} bytes of arrays; parameters, gradients and the loss have "
            f"{self.expected:,}; other objects have {self.other:,}"
        )
