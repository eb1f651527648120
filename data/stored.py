"""Corpora larger than memory: the ids of a text on disk, made in one pass over it and read as they are needed.

    store(Path("wiki.txt"), Path("wiki.ids"), kind="word", min_freq=5, fraction=0.9)
    corpus = opened(Path("wiki.ids"))
    for minibatch in sequential_batches(corpus.training, 32, 35): ...

A stored corpus is a folder: `ids.npy`, `vocab.json`, and `about.json`, which says what it was made from.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.files import beside
from data.ids import Ints
from data.numbering import Numbering, numbering_of
from data.pieces import PIECE, Reading, cleaned_pieces
from data.text import split
from data.vocab import Vocab

IDS, VOCAB, ABOUT = "ids.npy", "vocab.json", "about.json"
_AT_ONCE = 1 << 17  # ids in memory while the file of ids is rewritten
_TYPES = {"source": str, "sha256": str, "cleaning": str, "tokens": int, "training": int}


@dataclass(frozen=True)
class Stored:
    """A text in ids (N,), on disk and of the smallest type that holds them; `training` and `held_out` are views.

    The vocabulary is that of the training part. `sha256` is that of the text's bytes, `source` its file's name.
    `held_out` is empty where no fraction was given.
    """

    vocab: Vocab
    training: NDArray[np.unsignedinteger[Any]]
    held_out: NDArray[np.unsignedinteger[Any]]
    source: str
    sha256: str
    cleaning: str


def store(
    path: Path,
    folder: Path,
    *,
    cleaning: str = "none",
    kind: str = "char",
    fraction: float | None = None,
    min_freq: int = 1,
    reserved: Sequence[str] = (),
    piece: int = PIECE,
) -> Stored:
    """Clean the UTF-8 text at `path`, cut it into tokens and write their ids into the new `folder`.

    The text is read once, `piece` bytes at a time. Tokens are numbered as they come; the numbers are written, then
    counted, and replaced by ids in the order of the vocabulary. Memory holds a few pieces and the distinct tokens,
    and does not grow with N; the disk needs up to 8 bytes for each token while this runs.
    The first ⌊N · fraction⌋ tokens are the training part; without a fraction all are.
    The folder appears whole or not at all. Raises DataError for a folder that is there, a file that cannot be read
    or is not UTF-8, an unknown cleaning or kind, and for a text without tokens or with too few to split.
    """
    with _new(folder) as work:
        numbering, reading = numbering_of(kind), Reading(path, piece)
        numbers = work / "numbers"
        with numbers.open("wb") as file:
            for text in cleaned_pieces(reading, cleaning, kind):
                numbering.take(text).tofile(file)
        tokens = numbers.stat().st_size // numbering.dtype.itemsize
        training = tokens if fraction is None else len(split(np.broadcast_to(np.uint8(0), tokens), fraction)[0])
        if not tokens:
            raise DataError("there are no tokens in it", str(path), "give a text, or another cleaning")
        vocab, ids_of_numbers = _vocabulary(numbers, numbering, kind, training, min_freq, reserved)
        _write_ids(work / IDS, numbers, numbering, ids_of_numbers, len(vocab), tokens)
        numbers.unlink()
        vocab.save(work / VOCAB)
        about = (path.name, reading.sha256, cleaning, tokens, training)
        (work / ABOUT).write_text(json.dumps(dict(zip(_TYPES, about, strict=True))), encoding="utf-8")
    return opened(folder)


def opened(folder: Path) -> Stored:
    """A stored corpus, its ids left on disk. Raises DataError for a folder that is none, or damaged."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        ids = np.load(folder / IDS, mmap_mode="r", allow_pickle=False)
        fitting = ids.dtype.kind == "u" and ids.shape == (about["tokens"],) and 0 < about["training"] <= ids.size
        if {name: type(value) for name, value in about.items()} != _TYPES or not fitting:
            raise ValueError("sizes and types do not agree")
    except (OSError, ValueError, EOFError, AttributeError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"this is no stored corpus ({reason})", str(folder), "store the text again") from None
    vocab, cut = Vocab.load(folder / VOCAB), about["training"]
    return Stored(vocab, ids[:cut], ids[cut:], about["source"], about["sha256"], about["cleaning"])


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder to fill, which is called `folder` once the block has ended well, and is gone otherwise."""
    if folder.exists():
        raise DataError("there is something already", str(folder), "give a folder that is not there yet")
    work = beside(folder)
    try:
        work.mkdir(parents=True)
        yield work
        for file in work.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        work.rename(folder)
    except OSError as error:
        what = f"the corpus cannot be stored ({error.strerror})"
        raise DataError(what, str(folder), "give a folder on a disk with room, where you may write") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _vocabulary(
    numbers: Path, numbering: Numbering, kind: str, training: int, min_freq: int, reserved: Sequence[str]
) -> tuple[Vocab, Ints]:
    """The vocabulary of the training part, and number → id for all numbers."""
    counts = np.zeros(numbering.size, np.int64)
    for some in _parts(numbers, numbering, training):
        found = np.bincount(some)
        counts[: len(found)] += found
    names = [numbering.token(number) for number in range(numbering.size)]
    counted = {name: n for name, n in zip(names, counts.tolist(), strict=True) if n}
    vocab = Vocab.from_counts(counted, kind, min_freq=min_freq, reserved=reserved)
    return vocab, vocab.of_text(names)


def _write_ids(target: Path, numbers: Path, numbering: Numbering, ids: Ints, vocabulary: int, tokens: int) -> None:
    """The numbers as ids, in a file that `np.load` can map."""
    dtype = np.min_scalar_type(vocabulary - 1)
    with target.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (tokens,)}
        np.lib.format.write_array_header_1_0(file, header)
        for some in _parts(numbers, numbering, tokens):
            ids[some].astype(dtype).tofile(file)


def _parts(numbers: Path, numbering: Numbering, tokens: int) -> Iterator[NDArray[np.unsignedinteger[Any]]]:
    """The first so many numbers of the file, some at a time."""
    with numbers.open("rb") as file:
        for start in range(0, tokens, _AT_ONCE):
            yield np.fromfile(file, numbering.dtype, min(_AT_ONCE, tokens - start))
