"""From a text on disk to minibatches of token ids: corpus, then text, then vocabulary, then batches."""

from data.batches import Minibatch, batches_per_epoch, random_batches, sequential_batches
from data.corpus import Corpus, Entry, entries, load
from data.errors import DataError
from data.sentences import Continued, Padded, padded, padded_batches, stateful_batches
from data.stored import Stored, opened, store
from data.text import CLEANINGS, development, split, split_text
from data.tokens import BOS, EOS, KINDS, PAD, UNKNOWN
from data.vocab import Vocab

__all__ = [
    "BOS",
    "CLEANINGS",
    "EOS",
    "KINDS",
    "PAD",
    "UNKNOWN",
    "Continued",
    "Corpus",
    "DataError",
    "Entry",
    "Minibatch",
    "Padded",
    "Stored",
    "Vocab",
    "batches_per_epoch",
    "development",
    "entries",
    "load",
    "opened",
    "padded",
    "padded_batches",
    "random_batches",
    "sequential_batches",
    "split",
    "split_text",
    "stateful_batches",
    "store",
]
