"""Counts on disk: a compressed .npz of small whole numbers, from which probabilities are made again.

Links are not stored; they follow from the grams, and whatever does not fit together is noticed while they are made.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn.baselines.counts import Counts, Level, level_from
from rnn.baselines.ngram import NGram
from rnn.checkpoint import write_atomically
from rnn.errors import RnnError

FORMAT = 1
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
)


def save_ngram(path: str | Path, model: NGram) -> None:
    """Write what a model has counted and how it smooths; the file appears whole or not at all."""
    counts = model.counts
    about = {"format": FORMAT, "length": counts.length, "vocabulary": counts.vocabulary, **_settings(model)}
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "head": counts.head,
        "tail": counts.tail,
    }
    for k, level in enumerate(counts.levels, 1):
        arrays |= {f"tokens{k}": level.tokens, f"counts{k}": level.counts, f"sizes{k}": np.diff(level.starts)}
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **{name: _small(array) for name, array in arrays.items()})
    write_atomically(Path(path), packed.getvalue())


def load_ngram(path: str | Path) -> NGram:
    """Read a model that `save_ngram` wrote; RnnError where the file is absent or damaged."""
    place = Path(path)
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as arrays:
            return _model({name: arrays[name] for name in arrays.files})
    except FileNotFoundError:
        raise RnnError("there is no such file", str(place), "give what save_ngram wrote") from None
    except DAMAGED as error:  # RnnError is a ValueError
        raise RnnError(
            f"the counts cannot be read ({_line(error)})", str(place), "the file is damaged, fit again"
        ) from None


def _small(array: NDArray[Any]) -> NDArray[Any]:
    """In the smallest unsigned type that holds it."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _settings(model: NGram) -> dict[str, Any]:
    """The arguments of NGram, and what it learnt."""
    values = [row.values for row in model.discount if row]
    discount = [row[0] for row in values] if model.smoothing != "modified-kneser-ney" else values
    given = {"epsilon": model.epsilon, "discount": discount or None, "weight": model.weight}
    return {"model": {"order": model.order, "smoothing": model.smoothing, **given}, "weights": model.weights}


def _model(arrays: dict[str, NDArray[Any]]) -> NGram:
    about = json.loads(arrays["about"].tobytes())
    if about["format"] != FORMAT:
        raise ValueError("another format")
    model = NGram(**about["model"])
    levels: list[Level] = []
    for k in range(1, model.order + 1):
        levels.append(_level(arrays, k, about["vocabulary"], levels))
    head, tail = (arrays[name].astype(np.int64) for name in ("head", "tail"))
    counts = Counts(about["vocabulary"], about["length"], tuple(levels), head, tail)
    ends = min(model.order - 1, counts.length)
    if levels[0].counts.sum() != counts.length or any(
        end.shape != (ends,) or counts.place(end) < 0 for end in (head, tail)
    ):
        raise ValueError("the ends do not fit the counts")
    return model.refit(counts, weights=about["weights"])


def _level(arrays: dict[str, NDArray[Any]], k: int, vocabulary: int, below: list[Level]) -> Level:
    tokens, counts, sizes = (arrays[f"{name}{k}"].astype(np.int64) for name in ("tokens", "counts", "sizes"))
    contexts = np.repeat(np.arange(sizes.size), sizes)
    fits = sizes.size == (below[-1].tokens.size if below else 1) and tokens.shape == counts.shape == contexts.shape
    if not fits or tokens.max(initial=0) >= vocabulary or counts.min(initial=1) < 1:
        raise ValueError(f"order {k} does not fit together")
    if below and (np.bincount(contexts, counts, sizes.size) > below[-1].counts).any():
        raise ValueError(f"order {k} was counted more often than order {k - 1}")
    if (np.diff(contexts * vocabulary + tokens) <= 0).any():
        raise ValueError(f"order {k} is not sorted")
    return level_from(contexts, tokens, counts, below[-1] if below else None)


def _line(error: Exception) -> str:
    """The error in one line."""
    return " ".join(str(error).replace(";", ",").split()) or type(error).__name__
