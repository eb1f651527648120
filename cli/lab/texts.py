"""From a corpus' name to ids for training and for testing."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from data import KINDS, Corpus, Vocab, entries, load, split_text
from rnn.metrics import Ints

DEFAULT = "the-lighthouse"  # the one text that is always here


@dataclass(frozen=True)
class Prepared:
    """A corpus cut in two, in ids. The vocabulary is that of the training part; what it lacks is `<unk>`.

    `training_characters` and `held_out_characters` are how many characters the tokens of each part spell: bits per
    character are counted by them, whatever the tokens are.
    """

    corpus: Corpus
    vocab: Vocab
    fraction: float
    training: Ints
    held_out: Ints
    training_characters: int
    held_out_characters: int
    path: Path | None = None  # of a text that is no corpus

    @property
    def origin(self) -> str:
        """What finds the text again, from any folder: the corpus' name, or the file's full path."""
        return self.corpus.name if self.path is None else str(self.path)

    @property
    def unit(self) -> str:
        """What a token is called: character, word or byte."""
        return self.vocab.unit

    @property
    def unseen(self) -> int:
        """How many tokens held out were never met in training."""
        return 0 if self.vocab.unknown_id is None else int((self.held_out == self.vocab.unknown_id).sum())

    def describe(self) -> dict[str, object]:
        """What belongs beside every figure measured on this text."""
        return {
            "corpus": self.corpus.name, "cleaning": self.corpus.cleaning, "tokens": self.vocab.kind,
            "split": self.fraction,
            "vocabulary": len(self.vocab), "training_tokens": self.training.size, "held_out_tokens": self.held_out.size,
        }  # fmt: skip


def prepare(
    name_or_path: str | None = None,
    *,
    clean: str | None = None,
    tokens: str | None = None,
    fraction: float | None = None,
    first: int | None = None,
) -> Prepared:
    """Load a text (without a name, the lighthouse), clean it, cut it at the fraction, number its tokens.

    Cleaning, kind of tokens and fraction are the corpus' own unless given. With `first` only so many tokens of the
    training part are kept; the vocabulary is still that of all of it.
    """
    corpus = load(DEFAULT if name_or_path is None else name_or_path, clean=clean, tokens=tokens)
    fraction = corpus.split if fraction is None else fraction
    parts = split_text(corpus.text, fraction, corpus.tokens)
    vocab = Vocab.from_text(parts[0], corpus.tokens)
    known = corpus.name in {entry.name for entry in entries()}
    path = None if known or name_or_path is None else Path(name_or_path).resolve()
    training, held_out = map(vocab.encode, parts)
    if first is not None:
        training, parts = training[:first], (vocab.decode(training[:first]), parts[1])
    characters = [KINDS[corpus.tokens].characters(part) for part in parts]
    return Prepared(corpus, vocab, fraction, training, held_out, characters[0], characters[1], path)


def flags(**given: object) -> str:
    """The options that were given, as one would type them: `--corpus time-machine --split 0.8`."""
    pairs = ((name, shlex.quote(str(value))) for name, value in given.items() if value is not None)
    return " ".join(f"--{name} {value}" for name, value in pairs)
