"""From a corpus' name to ids for training and for testing."""

from __future__ import annotations

from dataclasses import dataclass

from data import Corpus, Vocab, load, split
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

    def describe(self) -> dict[str, object]:
        """What belongs beside every figure measured on this text."""
        return {
            "corpus": self.corpus.name, "cleaning": self.corpus.cleaning, "split": self.fraction,
            "vocabulary": len(self.vocab), "training_tokens": self.training.size, "held_out_tokens": self.held_out.size,
        }  # fmt: skip


def prepare(
    name_or_path: str | None = None, *, clean: str | None = None, fraction: float | None = None
) -> Prepared:
    """Load (the lighthouse unless named), clean, cut at the fraction (the corpus' own unless given), number."""
    corpus = load(DEFAULT if name_or_path is None else name_or_path, clean=clean)
    fraction = corpus.split if fraction is None else fraction
    training, held_out = split(corpus.text, fraction)
    vocab = Vocab.from_text(training)
    return Prepared(corpus, vocab, fraction, vocab.encode(training), vocab.encode(held_out))
