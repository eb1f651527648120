"""Settings of the sources, by name: what `train --preset` gives to every flag that was not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.lab.errors import LabError, suggestion

_D2L: Mapping[str, Any] = {
    "corpus": "time-machine", "clean": "d2l-zh", "first": 10_000, "hidden": 256, "batch": 32, "window": 35,
    "epochs": 500, "lr": 1.0, "clip": 1.0, "optimizer": "sgd", "evaluate_every": 500,
}  # fmt: skip

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "d2l-rnn": {**_D2L, "cell": "rnn", "hidden": 512, "std": 0.01},
    "d2l-rnn-random": {**_D2L, "cell": "rnn", "hidden": 512, "std": 0.01, "sampling": "random"},
    "d2l-rnn-concise": {**_D2L, "cell": "rnn"},
    "d2l-gru": {**_D2L, "cell": "gru"},
    "d2l-lstm": {**_D2L, "cell": "lstm"},
    "d2l-deep-lstm": {**_D2L, "cell": "lstm", "layers": 2, "lr": 2.0},
}
"""500 passes over the first 10,000 characters of the Time Machine: about 4,000 updates. [D2L 8.5, 8.6, 9.1–9.3]"""


def completed(name: str | None, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that were given, then the preset's, then the defaults."""
    if name is None:
        return {**defaults, **given}
    if name not in PRESETS:
        remedy = suggestion(name, PRESETS, f"choose from {', '.join(PRESETS)}")
        raise LabError(f"there is no preset {name!r}", "--preset", remedy)
    preset = dict(PRESETS[name])
    if "steps" in given or "epochs" in given:  # either takes the place of the preset's
        del preset["epochs"]
    return {**defaults, **preset, **given}
