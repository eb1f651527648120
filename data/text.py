"""Cleaning a text, and holding a part of it out [D2L 8.2, seed 004 8.2]."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

NOT_LETTERS = re.compile("[^A-Za-z]+")
_REST_OF_WORD = re.compile(r"\S+")

TextOrIds = TypeVar("TextOrIds", str, NDArray[np.integer[Any]])


def _none(text: str) -> str:
    return text


def _d2l_line(line: str) -> str:
    return NOT_LETTERS.sub(" ", line).strip().lower()


def _d2l_zh(text: str) -> str:
    # Lines end at "\n" alone: splitlines would also cut at form feeds, which the reference does not.
    return "".join(map(_d2l_line, text.split("\n")))


def _d2l_v1(text: str) -> str:
    return NOT_LETTERS.sub(" ", text).lower()


CLEANINGS: Mapping[str, Callable[[str], str]] = {"none": _none, "d2l-zh": _d2l_zh, "d2l-v1": _d2l_v1}
"""Name → function from raw to cleaned text.

`none` changes nothing. `d2l-zh` takes each line by itself: every run of characters other than a–z and A–Z
becomes one space, the ends are stripped, capitals lowered; the lines are joined with nothing, so that words
meet where a line ends [D2L 8.2.1, v0.17]. `d2l-v1` takes the whole text at once, so that a line end is a
space [D2L 9.2, v1.0].
"""


def cleaned(text: str, cleaning: str, kind: str = "char") -> str:
    """`CLEANINGS[cleaning](text)`; where tokens are words, `d2l-zh` leaves the line ends in.

    It joins lines with nothing because the reference strings the tokens of all lines together. Its words are
    those of the lines one by one [D2L 8.2.2], and a line's last word is never glued to the next line's first.
    """
    if cleaning == "d2l-zh" and kind == "word":
        return "\n".join(map(_d2l_line, text.split("\n")))
    return CLEANINGS[cleaning](text)


def split(sequence: TextOrIds, fraction: float | Fraction) -> tuple[TextOrIds, TextOrIds]:
    """(training, held_out): the first ⌊N · fraction⌋ of the N characters or ids, and the rest.

    The product is taken in the arithmetic of `fraction`: give a `Fraction` where a float would round, as for
    the eight ninths that remain when the last ninth is the development part. An array is cut into views.
    Raises DataError unless 0 < fraction < 1 and both parts have something in them.
    """
    if not 0 < fraction < 1:
        raise DataError(f"the training fraction is {fraction}", "split", "give one above 0 and below 1")
    cut = int(len(sequence) * fraction)
    if cut == 0:  # it is never N: below 1 the rounded product stays below N
        what = f"{fraction} of {len(sequence)} tokens leaves nothing to train on"
        raise DataError(what, "split", "give a longer text or a larger fraction")
    return sequence[:cut], sequence[cut:]


def development(training: TextOrIds) -> tuple[TextOrIds, TextOrIds]:
    """(fitted, development): the training part without its last ninth, and that ninth.

    On the development part ε, discounts and the number of epochs are chosen, never on the part held out; a final
    model is trained on both. With a split of 0.9 the development part is as long as the part held out.
    Raises DataError for a training part of fewer than two tokens.
    """
    if len(training) < 2:
        what = f"a training part of {len(training)} tokens has no development part"
        raise DataError(what, "development", "give a longer text")
    return split(training, Fraction(8, 9))


def split_text(text: str, fraction: float, kind: str = "char") -> tuple[str, str]:
    """`split` of a text. Where tokens are words, the word in which the cut falls goes to the training part whole.

    So all kinds of tokens train on the same text, up to a part of a word, and are tested on the same.
    Raises DataError as `split` does, and where words are wanted and a part has none.
    """
    training, held_out = split(text, fraction)
    if kind != "word":
        return training, held_out
    if not training[-1].isspace() and (rest := _REST_OF_WORD.match(held_out)):
        training, held_out = training + rest[0], held_out[rest.end() :]
    for part, name in ((training, "train on"), (held_out, "hold out")):
        if not part.split():
            what = f"{fraction} of {len(text.split())} words leaves none to {name}"
            raise DataError(what, "split", "give a longer text or another fraction")
    return training, held_out
