"""From a text on disk to minibatches of token ids: corpus, then text, then batches."""

from data.batches import Minibatch, batches_per_epoch, random_batches, sequential_batches
from data.corpus import Corpus, Entry, entries, load
from data.errors import DataError
from data.text import CLEANINGS, Vocab, split

__all__ = [
    "CLEANINGS",
    "Corpus",
    "DataError",
    "Entry",
    "Minibatch",
    "Vocab",
    "batches_per_epoch",
    "entries",
    "load",
    "random_batches",
    "sequential_batches",
    "split",
]
