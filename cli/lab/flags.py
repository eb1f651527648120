"""Every setting of a training run by its name: what it may be, what it is unless given, and how the help explains it.

The name is the key in a file of settings; the flag has dashes for underscores. The order is that of the help.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cli.lab.kinds import Choice as _Choice
from cli.lab.kinds import Kind, Number, Switch, Whole, Word, choice


class Flag(NamedTuple):
    """A setting; `default` is what it is unless given, None for what is then not used, or decided by others."""

    name: str
    group: str
    kind: Kind
    default: Any
    help: str

    @property
    def option(self) -> str:
        """As it is typed."""
        return f"--{self.name.replace('_', '-')}"


def _cells() -> Sequence[str]:
    from rnn.layers import LAYERS

    return tuple(LAYERS)


_STEPS = Whole(metavar="STEPS")
_RATE = Number(above=0)
_TEXT, _NET, _CUT, _LONG = "Text", "Network", "Minibatches", "How long"
_OPT, _SAVE = "Optimiser", "Measuring and saving"

FLAGS: tuple[Flag, ...] = (
    Flag("corpus", _TEXT, Word("NAME|PATH"), "the-lighthouse", "The text."),
    Flag("clean", _TEXT, Word("CLEANING"), None, "none, d2l-zh or d2l-v1. Default: the corpus' own."),
    Flag("tokens", _TEXT, choice("char|word|byte"), None, "What a token is. Default: the corpus' own."),
    Flag("split", _TEXT, Number(), None, "Part to train on; the rest is held out. Default: the corpus' own."),
    Flag("first", _TEXT, Whole(), None, "Train on so many tokens, the first of the training part."),
    Flag("development", _TEXT, Switch(), False, "Set the last ninth of the training part aside, to choose by it."),
    Flag("cell", _NET, _Choice(_cells, "CELL"), "rnn", "rnn, gru, lstm or jordan."),
    Flag("hidden", _NET, Whole(), 128, "Hidden units of a layer."),
    Flag("layers", _NET, Whole(), 1, "Recurrent layers above each other."),
    Flag("bidirectional", _NET, Switch(), False, "Read backwards too. Not for predicting what comes next."),
    Flag("dropout", _NET, Number(least=0, below=1), 0.0, "Share of a layer's output that what follows does not see."),
    Flag("embedding", _NET, Whole(), None, "Numbers that stand for a token. Default: one-hot."),
    Flag("tied", _NET, Switch(), False, "Score tokens by the embedding itself; its size is then --hidden."),
    Flag("std", _NET, _RATE, None, "Draw weights from N(0, X²), biases 0. Default: ±1/√hidden."),
    Flag("dtype", _NET, choice("float32|float64"), "float32", "Precision."),
    Flag("device", _NET, choice("cpu|cuda"), "cpu", "Where to compute."),
    Flag("batch", _CUT, Whole(), 32, "Sequences in a minibatch."),
    Flag("window", _CUT, Whole(metavar="STEPS"), 35, "Length of each."),
    Flag("sampling", _CUT, choice("sequential|random"), "sequential", "In order, with the state carried, or not."),
    Flag("truncation", _CUT, _STEPS, None, "How far a gradient goes back. Default: a window."),
    Flag("stride", _CUT, _STEPS, None, "Steps between gradients. Default: the truncation."),
    Flag("epochs", _LONG, Whole(), None, "Passes over the training part. Default: 30."),
    Flag("steps", _LONG, Whole(), None, "Updates, in place of epochs."),
    Flag("minutes", _LONG, _RATE, None, "Minutes of training, in place of epochs."),
    Flag("patience", _LONG, Whole(), None, "Stop after N measurements of the development part without a better one."),
    Flag("seed", _LONG, Whole(least=0), 0, "Seed of all randomness."),
    Flag("optimizer", _OPT, choice("sgd|momentum|adagrad|rmsprop|adam|adamw"), "adam", "How gradients change weights."),
    Flag("lr", _OPT, _RATE, 3e-3, "Learning rate."),
    Flag("momentum", _OPT, Number(least=0, below=1), None, "Of sgd, momentum (default 0.9) and rmsprop."),
    Flag("weight_decay", _OPT, Number(least=0), None, "Pull towards 0. Default: 0.01 for adamw, else 0."),
    Flag("schedule", _OPT, choice("constant|cosine|step|exponential"), "constant", "The learning rate over time."),
    Flag("decay", _OPT, Number(above=0, below=1), None, "Its factor, for step and exponential. Default: 0.1."),
    Flag("decay_every", _OPT, _STEPS, None, "Steps for the factor. Default: a third of the run, or all of it."),
    Flag("warmup", _OPT, _STEPS, None, "Raise the learning rate over so many steps at first."),
    Flag("clip", _OPT, Number(above=0, metavar="NORM", words={"none": None}), 1.0, "Largest gradient norm, or none."),
    Flag("clip_value", _OPT, _RATE, None, "Largest entry of a gradient, in place of a norm."),
    Flag(
        "evaluate_every",
        _SAVE,
        Whole(metavar="STEPS", words={"never": 0}),
        None,
        "Steps between measurements, or never. Default: a pass.",
    ),
    Flag("checkpoint_every", _SAVE, _STEPS, None, "Steps between checkpoints. Default: 10 seconds."),
)

BY_NAME = {flag.name: flag for flag in FLAGS}
EXCLUSIVE = (("epochs", "steps", "minutes"), ("clip", "clip_value"))
"""Of these only one is wanted; one that is given takes the place of another's default."""
