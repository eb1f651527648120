"""From a corpus' name to ids for training and for testing."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from data import Corpus, Vocab, entries, load, split
from rnn.metrics import Ints

DEFAULT = "the-lighthouse"  # the one text that is always here


@dataclass(frozen=True)
class Prepared:
    """A corpus cut in two, in ids. The vocabulary is that of the training part; what it lacks is `<unk>`."""

    corpus: Corpus
    vocab: Vocab
    fraction: float
    training: Ints
    held_out: Ints
    path: Path | None = None  # of a text that is no corpus

    @property
    def origin(self) -> str:
        """What finds the text again, from any folder: the corpus' name, or the file's full path."""
        return self.corpus.name if self.path is None else str(self.path)

    def describe(self) -> dict[str, object]:
        """What belongs beside every figure measured on this text."""
        return {
            "corpus": self.corpus.name, "cleaning": self.corpus.cleaning, "split": self.fraction,
            "vocabulary": len(self.vocab), "training_tokens": self.training.size, "held_out_tokens": self.held_out.size,
        }  # fmt: skip


def prepare(name_or_path: str | None = None, *, clean: str | None = None, fraction: float | None = None) -> Prepared:
    """Load a text (without a name, the lighthouse), clean it, cut it at the fraction, number its characters.

    Cleaning and fraction are the corpus' own unless given.
    """
    corpus = load(DEFAULT if name_or_path is None else name_or_path, clean=clean)
    fraction = corpus.split if fraction is None else fraction
    training, held_out = split(corpus.text, fraction)
    vocab = Vocab.from_text(training)
    known = corpus.name in {entry.name for entry in entries()}
    path = None if known or name_or_path is None else Path(name_or_path).resolve()
    return Prepared(corpus, vocab, fraction, vocab.encode(training), vocab.encode(held_out), path)


def flags(**given: object) -> str:
    """The options that were given, as one would type them: `--corpus time-machine --split 0.8`."""
    pairs = ((name, shlex.quote(str(value))) for name, value in given.items() if value is not None)
    return " ".join(f"--{name} {value}" for name, value in pairs)
