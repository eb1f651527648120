"""What a hidden Markov model is given, checked: tables of probabilities, and what was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnn.errors import RnnError
from rnn.metrics import Floats, Ids, Ints, check_ids, whole_number

Seen = Ids | Floats  # ids (T,), or log P(seen at t | h) as floats (T, K)
Observations = Seen | Sequence[Seen]
Lengths = Sequence[int] | Ints | None

TOLERANCE = 1e-8  # how far from 1 a row may sum


@dataclass(frozen=True)
class Evidence:
    """What was seen, in all sequences, one behind the other."""

    logs: Floats  # (N, K) log P(seen | h), a row for each thing that may be seen, or for each step
    index: Ints  # (T,) the row that holds what is seen at a step
    bounds: Ints  # (S+1,) sequence n has the steps bounds[n] … bounds[n+1]−1
    discrete: bool  # whether `index` holds ids

    @property
    def seen(self) -> Floats:
        """log P(seen at t | h), (T, K)."""
        return self.logs[self.index]

    @cached_property
    def shift(self) -> Floats:
        """The largest entry of each row of `logs` (N,); 0 for a row of −∞."""
        largest = self.logs.max(axis=1)
        return np.where(np.isneginf(largest), 0.0, largest)

    @cached_property
    def table(self) -> Floats:
        """exp(logs − shift), (N, K): P(seen | h) divided by the row's largest."""
        return np.exp(self.logs - self.shift[:, None])

    @cached_property
    def span(self) -> float:
        """The logarithm of the smallest positive entry of `table`, before rounding to 0."""
        below = self.logs - self.shift[:, None]
        return float(below.min(where=below > -np.inf, initial=0.0))

    def place(self, step: int) -> str:
        """A step of all sequences together, as `sequence 2, step 5`; both count from 0."""
        n = int(np.searchsorted(self.bounds, step, side="right")) - 1
        return f"sequence {n}, step {step - int(self.bounds[n])}"


def distributions(values: ArrayLike, name: str, shape: tuple[int, ...]) -> Floats:
    """A read-only copy of `values` in float64, whose last axis sums to 1; −1 in `shape` stands for any size above 0."""
    array = _numbers(values, name)
    fits = len(shape) == array.ndim and all(n == s or (s == -1 and n) for n, s in zip(array.shape, shape, strict=True))
    if not fits:
        wanted = ", ".join("at least 1" if s == -1 else str(s) for s in shape)
        raise RnnError(f"{name} has shape {array.shape}", "HMM", f"give the shape ({wanted}{',' * (len(shape) == 1)})")
    _check_entries(array, name)
    _check_sums(array, name)
    array.flags.writeable = False
    return array


def read(observations: Observations, lengths: Lengths, states: int, emitted: Floats | None) -> Evidence:
    """The evidence in one sequence, in a list of sequences, or in sequences joined and told apart by `lengths`.

    `emitted` (V, K) has log P(id | h). Raises RnnError for an empty sequence, lengths that do not add up, ids outside
    0 … V−1 or of a model without emissions, and log-likelihoods of another width, NaN or +∞.
    """
    parts = _parts(observations)
    if parts is not None and lengths is not None:
        raise RnnError(
            "a list of sequences and lengths are both given", "lengths", "join the sequences, or leave it out"
        )
    if parts is None:
        checked = [_checked(observations, "", states, emitted)]
    else:
        checked = [_checked(part, f"sequence {n}, ", states, emitted) for n, part in enumerate(parts)]
    if len({part.ndim for part in checked}) > 1:
        raise RnnError("some sequences are ids and some log-likelihoods", "HMM", "give all in one form")
    joined = np.concatenate(checked)
    bounds = _bounds([len(part) for part in checked] if lengths is None else lengths, len(joined))
    if joined.ndim == 2 or emitted is None:
        return Evidence(joined, np.arange(len(joined)), bounds, discrete=False)
    return Evidence(emitted, joined, bounds, discrete=True)


def _parts(observations: Observations) -> Sequence[Any] | None:
    """The sequences of a list of them, or None for a single one; a list of ids holds numbers."""
    if isinstance(observations, list | tuple) and len(observations) > 0 and not np.isscalar(observations[0]):
        return observations
    return None


def _checked(part: Any, place: str, states: int, emitted: Floats | None) -> NDArray[Any]:
    try:
        array = np.asarray(part)
    except ValueError as error:
        raise RnnError("a sequence has rows of different lengths", f"{place}HMM", "give ids, shape (T,)") from error
    if array.ndim == 2 and array.dtype.kind == "f":
        return _log_likelihoods(array, f"{place}log-likelihoods", states)
    if emitted is None:
        raise RnnError("the model has no emissions to read ids with", f"{place}HMM", "give log-likelihoods (T, K)")
    try:
        return check_ids(array, len(emitted))
    except RnnError as error:
        raise RnnError(error.what, place + error.where, error.remedy) from error


def _log_likelihoods(array: NDArray[Any], where: str, states: int) -> Floats:
    if array.shape[1] != states:
        what = f"{array.shape[1]} log-likelihoods a step for {states} states"
        raise RnnError(what, where, "give log P(seen at t | h) with shape (T, K)")
    bad = np.isnan(array) | np.isposinf(array)
    if bad.any():
        t, h = np.argwhere(bad)[0]
        raise RnnError(f"a log-likelihood is {array[t, h]}", f"{where}[{t}, {h}]", "give a number below +∞, or −∞")
    return np.ascontiguousarray(array, dtype=np.float64)


def _bounds(lengths: Sequence[int] | Ints, total: int) -> Ints:
    sizes = [whole_number(n, f"lengths[{k}]", least=0) for k, n in enumerate(lengths)]
    if sum(sizes) != total:
        raise RnnError(f"lengths add up to {sum(sizes)}", "lengths", f"make them add up to the {total} steps given")
    if not sizes or 0 in sizes:
        empty = sizes.index(0) if sizes else 0
        raise RnnError(f"sequence {empty} is empty", "HMM", "give at least one step, or leave it out")
    return np.concatenate(([0], np.cumsum(sizes)))


def _numbers(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise RnnError(f"{name} has rows of different lengths", "HMM", "give every row as many entries") from error
    if array.dtype.kind not in "iuf":
        raise RnnError(f"{name} holds {array.dtype}, not numbers", "HMM", "give probabilities")
    return np.array(array, dtype=np.float64, order="C")


def _check_entries(array: Floats, name: str) -> None:
    bad = ~((array >= 0) & np.isfinite(array))
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        what = f"{name}[{', '.join(map(str, place))}] is {array[place]:.6g}"
        raise RnnError(what, "HMM", "give probabilities, 0 or more")


def _check_sums(array: Floats, name: str) -> None:
    off = np.atleast_1d(array.sum(axis=-1) - 1)
    row = int(np.abs(off).argmax())
    if abs(off[row]) > TOLERANCE:
        which = f"row {row} of {name}" if array.ndim > 1 else name
        what = f"{which} sums to {1 + off[row]:.10g}, {abs(off[row]):.3g} {'more' if off[row] > 0 else 'less'} than 1"
        raise RnnError(what, "HMM", "divide each row by its sum")
