"""Settings of the sources, by name: what `train --preset` gives to every flag that was not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.lab.errors import LabError, suggestion

_D2L: Mapping[str, Any] = {
    "corpus": "time-machine", "clean": "d2l-zh", "tokens": "char", "first": 10_000, "hidden": 256, "batch": 32,
    "window": 35, "epochs": 500, "lr": 1.0, "clip": 1.0, "optimizer": "sgd", "evaluate_every": 500,
}  # fmt: skip

# min-char-rnn adds the losses of its 25 steps up and clips each entry at 5: of their mean, that is 5/25.
_MIN_CHAR_RNN: Mapping[str, Any] = {
    "corpus": "tiny-shakespeare", "clean": "none", "tokens": "char", "cell": "rnn", "hidden": 100, "std": 0.01,
    "batch": 1, "window": 25, "steps": 100_000, "lr": 0.1, "clip_value": 0.2, "optimizer": "adagrad",
    "evaluate_every": 10_000,
}  # fmt: skip

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "d2l-rnn": {**_D2L, "cell": "rnn", "hidden": 512, "std": 0.01},
    "d2l-rnn-random": {**_D2L, "cell": "rnn", "hidden": 512, "std": 0.01, "sampling": "random"},
    "d2l-rnn-concise": {**_D2L, "cell": "rnn"},
    "d2l-gru": {**_D2L, "cell": "gru"},
    "d2l-lstm": {**_D2L, "cell": "lstm"},
    "d2l-deep-lstm": {**_D2L, "cell": "lstm", "layers": 2, "lr": 2.0},
    "d2l-bilstm": {**_D2L, "cell": "lstm", "layers": 2, "bidirectional": True},
    "char-rnn": _MIN_CHAR_RNN,
}
"""d2l-…: 500 passes over the first 10,000 characters of the Time Machine, about 4,000 updates. [D2L 8.5, 8.6, 9.1–9.4]

char-rnn: Karpathy's min-char-rnn, one row read in order; it has no end of its own, here 100,000 updates.
[gist.github.com/karpathy/d4dee566867f8291f086]
"""


def preset(name: str | None, where: str = "--preset") -> dict[str, Any]:
    """What a preset says, nothing without a name; LabError for a name that is none."""
    if name is None:
        return {}
    if name not in PRESETS:
        remedy = suggestion(name, PRESETS, f"choose from {', '.join(PRESETS)}")
        raise LabError(f"there is no preset {name!r}", where, remedy)
    return dict(PRESETS[name])
