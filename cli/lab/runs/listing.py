"""`rnn-lab runs`: which runs there are, how far each is, and how their measurements went."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from cli.lab.errors import LabError
from cli.lab.runs import history
from cli.lab.runs.folder import BEST, CONFIG, LAST, settings_in
from cli.lab.runs.lock import holder
from cli.lab.settings import Settings

STATES = ("running", "stopped", "finished", "failed", "unreadable")
SORTS = ("name", "perplexity", "time")


@dataclass(frozen=True)
class Listed:
    """A run in the list; `settings` is None where a `problem` keeps them from being read.

    `process` trains it now. `step` and `epoch` are the last in its history, the perplexities those last measured.
    """

    folder: Path
    settings: Settings | None
    state: str
    process: int | None
    parameters: int | None
    step: int
    epoch: int
    seconds: float | None
    train_perplexity: float | None
    held_out_perplexity: float | None
    problem: str | None
    changed: float

    def row(self) -> dict[str, Any]:
        """Under the names that programs read; of a run that cannot be read, why."""
        if self.settings is None:
            return {"run": str(self.folder), "state": self.state, "problem": self.problem}
        s = self.settings
        return {
            "run": str(self.folder), "state": self.state, "process": self.process, "corpus": s.corpus, "cell": s.cell,
            "hidden": s.hidden, "layers": s.layers, "bidirectional": s.bidirectional, "parameters": self.parameters,
            "step": self.step, "steps": s.steps, "epoch": self.epoch, "epochs": s.epochs, "seconds": self.seconds,
            "minutes": s.minutes, "train_perplexity": self.train_perplexity,
            "held_out_perplexity": self.held_out_perplexity,
        }  # fmt: skip


def listed(folders: Sequence[str], sort: str = "name") -> list[Listed]:
    """The runs among the folders and directly in them; LabError for a folder that is not there."""
    found: dict[Path, None] = {}
    for name in folders:
        folder = Path(name)
        if not folder.is_dir():
            raise LabError("there is no such folder", name, "give one that holds runs; rnn-lab train makes them")
        inside = [folder] if _is_run(folder) else sorted(p for p in folder.iterdir() if p.is_dir() and _is_run(p))
        found |= dict.fromkeys(inside)
    return sorted((look(folder) for folder in found), key=_ORDER[sort])


def _is_run(folder: Path) -> bool:
    return (folder / CONFIG).exists() or (folder / "run.json").exists()


def look(folder: Path) -> Listed:
    """A run, without its weights."""
    process = holder(folder)
    try:
        settings = settings_in(folder)
    except LabError as error:
        return Listed(folder, None, "unreadable", process, None, 0, 0, None, None, None, error.what, _changed(folder))
    rows = history.measured(folder)
    end: Mapping[str, Any] = history.tail(folder) or {}
    last: Mapping[str, Any] = next((row for row in reversed(rows) if "train_perplexity" in row), {})
    state = "running" if process else _state(rows, end)
    return Listed(
        folder, settings, state, process, _parameters(folder), end.get("step", 0), end.get("epoch", 0),
        last.get("seconds"), last.get("train_perplexity"), last.get("held_out_perplexity"), None, _changed(folder),
    )  # fmt: skip


def _state(rows: Sequence[Mapping[str, Any]], end: Mapping[str, Any]) -> str:
    if rows and rows[-1]["event"] == "trouble":
        return "failed"
    return "finished" if end.get("event") == "done" else "stopped"


def _parameters(folder: Path) -> int | None:
    """How many numbers the weights are, by the shapes in the head of their file; None before they are saved."""
    for path in (folder / LAST, folder / BEST):
        try:
            with safe_open(path, framework="numpy") as file:
                shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
        except (OSError, SafetensorError):
            continue
        return sum(_product(shape) for shape in shapes)
    return None


def _product(shape: Sequence[int]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def _changed(folder: Path) -> float:
    return max((p.stat().st_mtime for p in folder.iterdir() if p.is_file() and p.name != "lock"), default=0.0)


def _natural(run: Listed) -> list[tuple[int, str]]:
    """rnn-2 before rnn-10."""
    parts = re.split(r"(\d+)", str(run.folder))
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


_ORDER: dict[str, Any] = {
    "name": _natural,
    "perplexity": lambda run: (run.held_out_perplexity is None, run.held_out_perplexity or 0.0, _natural(run)),
    "time": lambda run: (-run.changed, _natural(run)),
}
