"""What "auto" takes, and why: the layers themselves are asked, so that nothing here can be out of date."""

from __future__ import annotations

from itertools import product

from cli.lab.doctor.results import Choice
from minigrad import MinigradError
from rnn.errors import RnnError
from rnn.layers import VARIANTS
from rnn.recurrent import Recurrent

DTYPES = {"float32": "float32", "float64": "float64", "float16": "float16", "int": "int64"}
CELLS = {
    "rnn": "elman", "relu": "relu", "gru": "gru", "gru-after": "gru-after", "lstm": "lstm", "peephole": "peephole",
    "jordan": "jordan", "output-recurrence": "output-recurrence",
}  # fmt: skip
"""The cells and their families."""


def choices() -> tuple[Choice, ...]:
    """For each cell and type of weights."""
    return tuple(_choice(cell, dtype) for cell, dtype in product(CELLS, DTYPES))


def _choice(cell: str, dtype: str) -> Choice:
    made = VARIANTS[CELLS[cell]](2)
    try:
        fused = Recurrent(made, 2, 2, dtype=DTYPES[dtype]).fused
    except (RnnError, MinigradError) as error:
        return Choice(cell, dtype, "refused", _what(error))
    if fused:
        return Choice(cell, dtype, "fused", "a kernel does the whole sequence")
    try:
        Recurrent(made, 2, 2, dtype=DTYPES[dtype], implementation="fused")
    except RnnError as error:
        return Choice(cell, dtype, "stepwise", error.what)
    return Choice(cell, dtype, "stepwise", "a kernel does not pay")


def _what(error: Exception) -> str:
    return error.what if isinstance(error, RnnError) else str(error).partition(": ")[2] or str(error)
