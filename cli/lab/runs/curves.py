"""`rnn-lab runs compare`: the measurements of several runs, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.lab.errors import LabError
from cli.lab.runs import history
from cli.lab.runs.listing import Listed, look

PARTS = {"held-out": "held_out_perplexity", "development": "development_perplexity", "training": "train_perplexity"}


@dataclass(frozen=True)
class Measured:
    """A run and its measurements, a row each; `text` is what two runs must share for their figures to compare."""

    run: Listed
    rows: tuple[dict[str, Any], ...]
    text: tuple[Any, ...]

    def points(self, part: str, axis: str) -> list[tuple[float, float]]:
        """(step or seconds, perplexity), where both were measured."""
        name = PARTS[part]
        found = [(row[axis], row[name]) for row in self.rows if row.get(axis) is not None and row.get(name) is not None]
        return [(float(x), float(y)) for x, y in found]

    def lowest(self, part: str) -> tuple[int, float] | None:
        """(step, perplexity) of the lowest."""
        points = self.points(part, "step")
        best = min(points, key=lambda point: point[1], default=None)
        return None if best is None else (int(best[0]), best[1])


def measurements(folders: Sequence[str]) -> tuple[Measured, ...]:
    """The runs in these folders; LabError for one that cannot be read or has measured nothing yet."""
    return tuple(_measured(Path(folder)) for folder in dict.fromkeys(folders))


def _measured(folder: Path) -> Measured:
    if not folder.is_dir():
        raise LabError("there is no such run", str(folder), "rnn-lab runs lists those in the folder runs")
    run = look(folder)
    if run.settings is None:
        raise LabError(run.problem or "the run cannot be read", str(folder), "leave it out, or train again")
    found = history.measured(folder)
    rows = [row for row in found if row["event"] == "epoch"]
    if found and found[-1]["event"] == "done" and (not rows or rows[-1]["step"] < found[-1]["step"]):
        # Its training perplexity is that of the whole part, which is another measurement.
        rows.append({name: value for name, value in found[-1].items() if name not in ("train_perplexity", "text")})
    if not rows:
        remedy = "train it for longer, or with a smaller --evaluate-every"
        raise LabError("the run has measured nothing yet", str(folder), remedy)
    s = run.settings
    return Measured(run, tuple(rows), (s.sha256, s.cleaning, s.tokens, s.split))


def part_of(runs: Sequence[Measured], part: str | None) -> str:
    """The part to show: the one asked for, else the first that all have measured, else what they trained on."""
    asked = [part] if part is not None else ["held-out", "training"]
    return next((name for name in asked if all(run.points(name, "step") for run in runs)), asked[-1])
