"""Errors as a person reads them: one line, `what; where; remedy`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class LabError(ValueError):
    """Bad input to a command."""

    def __init__(self, what: str, where: str, remedy: str):
        super().__init__(f"{what}; {where}; {remedy}")
        self.what, self.where, self.remedy = what, where, remedy


def one_line(error: Exception) -> str | None:
    """The line for an error that is the user's to mend, or None for one that is ours."""
    from data import DataError
    from minigrad import MinigradError
    from rnn.errors import RnnError

    if isinstance(error, DataError | RnnError | LabError):
        return " ".join(str(error).split())
    if isinstance(error, MinigradError):
        return f"{' '.join(str(error).split())}; the engine; change the sizes or the data"
    if isinstance(error, UnicodeEncodeError):
        sign = error.object[error.start]
        return f"{error.encoding} has no {sign!a}; the output's encoding; set PYTHONIOENCODING=utf-8"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()}; {error.filename or 'a file'}; check the path, its permissions and the disk"
    return None


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to try instead of an unknown name: the nearest known one, or where to look."""
    close = get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else otherwise
