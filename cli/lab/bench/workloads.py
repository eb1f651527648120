"""What is computed and timed: a workload is a network and the shape of its minibatch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cli.lab.errors import LabError, suggestion

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""G, by which a cell's weights are taller than H."""


@dataclass(frozen=True)
class Workload:
    """A training step: forward, mean cross-entropy over T·B tokens, backward, clip the norm at 1, SGD with rate 1.

    float32, input ids (T, B) below `vocabulary`, the state zero at the start. With `tokens` it is no training step
    but the generation of that many tokens by sampling, one after the other, for one stream (T = B = 1).
    """

    name: str
    cell: str
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    steps: int = 35
    batch: int = 32
    vocabulary: int = 28
    tokens: int = 0

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 2 if self.bidirectional else 1

    @property
    def what(self) -> str:
        """The network in words: 2 × BiLSTM 256."""
        name = f"{'Bi' if self.bidirectional else ''}{self.cell.upper()} {self.hidden}"
        return f"{self.layers} × {name}" if self.layers > 1 else name

    def fields(self) -> dict[str, Any]:
        """For a worker, which may not know this class."""
        return asdict(self)


TRAINING = (
    Workload("rnn-32", "rnn", 32), Workload("lstm-32", "lstm", 32), Workload("rnn-256", "rnn", 256),
    Workload("rnn-512", "rnn", 512), Workload("gru-256", "gru", 256), Workload("lstm-256", "lstm", 256),
    Workload("lstm-256x2", "lstm", 256, 2), Workload("bilstm-256x2", "lstm", 256, 2, bidirectional=True),
)  # fmt: skip
"""The eight that are run when none is named, and whose ratios have a geometric mean."""

LARGE = (Workload("lstm-512-large", "lstm", 512, batch=1024),)
"""Training steps with enough rows to fill a GPU."""

GENERATION = (Workload("generate", "lstm", 256, steps=1, batch=1, tokens=200),)
MEMORY = (Workload("memory", "lstm", 256, steps=512, batch=64),)
LENGTH = (Workload("length", "rnn", 256),)
"""Of which the steps T, and then the batch B, grow."""

LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
BATCHES = (1, 4, 16, 64, 256)


def listed() -> dict[str, str]:
    """Every name, with what it measures."""
    by_name = {w.name: f"a training step of {w.what}" for w in TRAINING}
    by_name |= {w.name: f"a training step of {w.what}, B = {w.batch:,}" for w in LARGE}
    (generate,), (memory,), (length,) = GENERATION, MEMORY, LENGTH
    return by_name | {
        generate.name: f"{generate.tokens} tokens sampled from {generate.what}, one stream",
        memory.name: f"peak memory of a training step of {memory.what}, T = {memory.steps}, B = {memory.batch}",
        length.name: f"a training step of {length.what} as T and B grow",
    }


def chosen(names: Sequence[str], device: str = "cpu") -> tuple[Workload, ...]:
    """The workloads of these names, each once, in their own order; the eight without any, on a GPU a large one too."""
    steps, others = (*TRAINING, *LARGE), (*GENERATION, *MEMORY, *LENGTH)
    known = {w.name: w for w in (*steps, *others)}
    for name in names:
        if name not in known:
            raise LabError(f"no workload {name!r}", "bench", suggestion(name, known, "rnn-lab bench --list has them"))
    if device != "cpu" and (wrong := [w.name for w in others if w.name in names]):
        raise LabError(f"{wrong[0]} is measured on the CPU only", f"--device {device}", "name training steps")
    if not names:
        return TRAINING if device == "cpu" else steps
    return tuple(w for w in known.values() if w.name in names)


def growing(workload: Workload) -> Iterator[tuple[Literal["T", "B"], Workload]]:
    """The workload with more and more steps T, then with more and more rows B."""
    for steps in LENGTHS:
        yield "T", replace(workload, name=f"{workload.name}-T{steps}", steps=steps)
    for batch in BATCHES:
        yield "B", replace(workload, name=f"{workload.name}-B{batch}", batch=batch)
