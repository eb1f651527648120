"""The settings of a training run: where they come from, which go together, and their frozen form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cli.lab.errors import LabError
from cli.lab.flags import BY_NAME, EXCLUSIVE, FLAGS

EPOCHS = 30  # where nothing says how long
BUDGET = EXCLUSIVE[0]
_MOMENTUM = ("sgd", "momentum", "rmsprop")
_DECAYING = ("step", "exponential")


@dataclass(frozen=True)
class Settings:
    """Everything that decides how a run comes out. The names are the flags', but `cleaning`, which is --clean.

    One of `epochs`, `steps` and `minutes` says how long. None means: not used, or as the help of the flag says;
    `evaluate_every` 0 means never. `sha256` is that of the text.
    """

    corpus: str
    cleaning: str
    tokens: str
    split: float
    sha256: str
    first: int | None = None
    development: bool = False
    cell: str = "rnn"
    hidden: int = 128
    layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    embedding: int | None = None
    tied: bool = False
    std: float | None = None
    dtype: str = "float32"
    device: str = "cpu"
    batch: int = 32
    window: int = 35
    sampling: str = "sequential"
    truncation: int | None = None
    stride: int | None = None
    epochs: int | None = EPOCHS
    steps: int | None = None
    minutes: float | None = None
    patience: int | None = None
    seed: int = 0
    optimizer: str = "adam"
    lr: float = 3e-3
    momentum: float | None = None
    weight_decay: float | None = None
    schedule: str = "constant"
    decay: float | None = None
    decay_every: int | None = None
    warmup: int | None = None
    clip: float | None = 1.0
    clip_value: float | None = None
    evaluate_every: int | None = None
    checkpoint_every: int | None = None

    @property
    def carry(self) -> bool:
        """Whether the state goes on from minibatch to minibatch."""
        return self.sampling == "sequential"

    @property
    def sets_aside(self) -> bool:
        """Whether a development part is kept from training, to choose by it."""
        return self.development or self.patience is not None

    @property
    def network(self) -> str:
        """`lstm 128`, or `2 × lstm 128`, or `2 × bi-lstm 128`."""
        many = f"{self.layers} × " if self.layers > 1 else ""
        return f"{many}{'bi-' if self.bidirectional else ''}{self.cell} {self.hidden}"

    def row(self) -> dict[str, Any]:
        """By the names of the flags, and `sha256`."""
        found = asdict(self)
        return {"clean" if name == "cleaning" else name: value for name, value in found.items()}


NAMES = {"clean" if f.name == "cleaning" else f.name: f.name for f in fields(Settings)}
"""From the name of a flag to that of the field; all flags, and `sha256`."""


def flag_list(names: Iterable[str]) -> str:
    """`--steps and --epochs`."""
    return " and ".join(BY_NAME[name].option for name in names)


def defaults() -> dict[str, Any]:
    """What every flag is unless given."""
    return {flag.name: flag.default for flag in FLAGS}


def merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """The upper ones, and of the lower ones those that they leave room for.

    One of `EXCLUSIVE` takes the place of the others; another optimiser does not keep the momentum of the first.
    """
    gone = {name for group in EXCLUSIVE if set(group) & set(upper) for name in group}
    if upper.get("optimizer", lower.get("optimizer")) not in _MOMENTUM:
        gone.add("momentum")
    if upper.get("schedule", lower.get("schedule")) not in _DECAYING:
        gone |= {"decay", "decay_every"}
    return {name: None if name in gone else value for name, value in lower.items()} | dict(upper)


def twice(given: Mapping[str, Any]) -> list[str]:
    """What is said twice in one place."""
    found = ([n for n in group if given.get(n) is not None] for group in EXCLUSIVE)
    return [flag_list(names) for names in found if len(names) > 1]


def effective(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """All settings: those given, the last layer first, and the defaults for the rest. Nothing is checked."""
    found = defaults()
    for layer in layers:
        found = merged(found, layer)
    return found if any(found[name] is not None for name in BUDGET) else found | {"epochs": EPOCHS}


def refuse(problems: list[str], where: str) -> None:
    """LabError that names all of them, if there are any."""
    if problems:
        raise LabError(f"these do not go together: {', '.join(problems)}", where, "leave out one of each")


def contradictions(s: Mapping[str, Any]) -> list[str]:
    """What does not go together in settings that are complete, each as its flags and why."""
    return [f"{flag_list(names)} ({why})" for wrong, names, why in _rules(s) if wrong]


def _rules(s: Mapping[str, Any]) -> Iterator[tuple[bool, tuple[str, ...], str]]:
    cut = s["truncation"] or s["window"]
    timed = s["minutes"] is not None
    width = s["hidden"] * (2 if s["bidirectional"] else 1)
    jordan = s["cell"] == "jordan"
    yield s["tied"] and s["embedding"] != width, ("tied", "embedding"), f"it must be {width}, what the layers give"
    yield s["tied"] and jordan, ("tied", "cell"), "jordan scores tokens itself"
    yield s["bidirectional"] and jordan, ("bidirectional", "cell"), "jordan's output is its scores"
    yield s["dropout"] > 0 and jordan and s["layers"] == 1, ("dropout", "layers"), "nothing follows jordan's one layer"
    yield s["momentum"] is not None and s["optimizer"] not in _MOMENTUM, ("momentum", "optimizer"), "it has none"
    yield cut > s["window"], ("truncation", "window"), "a gradient ends with the window"
    yield (s["stride"] or 1) > cut, ("stride", "truncation"), "a gradient reaches back over its stride"
    yield cut < s["window"] and s["bidirectional"], ("truncation", "bidirectional"), "it reads the future"
    given = s["decay"] is not None or s["decay_every"] is not None
    yield given and s["schedule"] not in _DECAYING, ("decay", "schedule"), "for step and exponential"
    open_end = s["schedule"] == "cosine" or (s["schedule"] in _DECAYING and s["decay_every"] is None)
    yield timed and open_end, ("schedule", "minutes"), "the number of steps is not known"
    never = s["evaluate_every"] == 0
    yield s["patience"] is not None and never, ("patience", "evaluate_every"), "it waits for measurements"
