"""What a Markov chain refuses, before anything is computed."""

import math

import numpy as np
from numpy.typing import ArrayLike

from rnn.errors import RnnError
from rnn.metrics import Floats, Ints, whole_number

MOST_BYTES = 2**30
HIGHEST_ORDER = 32  # of two tokens that is a table of 64 GiB already
ROUNDING = 1e-6  # how far from 1 a row that is given may sum


def checked_order(order: int) -> int:
    """`order` as an int; RnnError unless it is a whole number from 1 to 32."""
    if whole_number(order, "order", least=1) > HIGHEST_ORDER:
        raise RnnError(f"order is {order}", "order", f"give at most {HIGHEST_ORDER}, or take an NGram")
    return int(order)


def checked_epsilon(epsilon: float) -> float:
    """`epsilon` as a float; the bounds keep n + ε V finite and ε above underflow."""
    try:
        value = float(epsilon)
    except (TypeError, ValueError):
        value = math.nan
    if value == 0 or 1e-100 <= value <= 1e100:
        return value
    raise RnnError(f"epsilon is {epsilon!r}", "MarkovChain", "give 0 or a number from 1e-100 to 1e100")


def check_size(vocabulary: int, tokens: int, where: str) -> None:
    """RnnError where the probabilities of all runs of so many tokens do not fit into 1 GiB."""
    bits = tokens * math.log2(vocabulary) + 3
    if bits > math.log2(MOST_BYTES):
        what = f"{vocabulary} ** {tokens} probabilities take {2.0 ** min(bits - 30, 1000):.3g} GiB, more than 1"
        raise RnnError(what, where, "lower the order, or take an NGram, which stores only what occurs")


def check_length(ids: Ints, order: int) -> None:
    """RnnError unless the text has a context and a token after it."""
    if ids.size == 0:
        raise RnnError("the text is empty", "MarkovChain.fit", f"give at least {order + 1} tokens")
    if ids.size <= order:
        what = f"order {order} takes {order + 1} tokens, and the text has {ids.size}"
        raise RnnError(what, "MarkovChain.fit", "give a longer text or a lower order")


def checked_transition(transition: ArrayLike) -> Floats:
    """(V, …, V) with at least two axes, each row a distribution; RnnError if not."""
    table = _numbers(transition, "transition")
    if table.ndim < 2 or len(set(table.shape)) > 1 or table.size == 0:
        remedy = "give an axis of V for each token of a context, and one for the next token"
        raise RnnError(f"its shape is {table.shape}", "transition", remedy)
    return _distributions(table, "transition")


def checked_start(start: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """The distribution of the first tokens as (V^τ,); RnnError if it is none, or of another shape."""
    table = _numbers(start, "start")
    if table.shape != shape:
        raise RnnError(f"its shape is {table.shape}", "start", f"give shape {shape}")
    return _distributions(table.reshape(-1), "start")


def _numbers(table: ArrayLike, name: str) -> Floats:
    try:
        return np.asarray(table, np.float64)
    except (TypeError, ValueError):
        raise RnnError("it is no array of numbers", name, "give probabilities") from None


def _distributions(table: Floats, name: str) -> Floats:
    """Each row divided by its sum, which rounding may have moved from 1."""
    odd = ~(table >= 0)
    if odd.any():
        entry = tuple(int(i) for i in np.argwhere(odd)[0])
        raise RnnError(f"a probability is {table[entry]}", _place(name, entry), "give 0 or more")
    total = table.sum(axis=-1, keepdims=True)
    off = ~(np.abs(total[..., 0] - 1) <= ROUNDING)
    if off.any():
        row = tuple(int(i) for i in np.argwhere(off)[0])
        what = f"its probabilities sum to {float(total[row][0]):.6g}, not 1"
        raise RnnError(what, _place(name, row), "divide them by their sum")
    return table / total


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name
