"""The bundled story, as it was written, in words, and sentence by sentence."""

from __future__ import annotations

import re
from functools import cache

from cli.lab.texts import DEFAULT
from data import load, split_text
from data.text import cleaned

CLEANING = "d2l-v1"  # small letters, and one space for whatever else there is
_END = re.compile(r"(?<=[.!?])(?<!Mr\.)(?<!Mrs\.)[\"']?\s+|\n+")


@cache
def raw() -> str:
    """The story as it was written."""
    return load(DEFAULT, clean="none").text


@cache
def parts() -> tuple[str, str]:
    """What to train on and what is held out, cleaned, and cut between two words."""
    corpus = load(DEFAULT, clean=CLEANING, tokens="word")
    return split_text(corpus.text, corpus.split, "word")


def sentences(text: str) -> list[str]:
    """The sentences and headings of a text, each cleaned; those without a letter are left out."""
    found = (cleaned(piece, CLEANING, "word").strip() for piece in _END.split(text))
    return [sentence for sentence in found if sentence]
