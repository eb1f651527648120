"""`rnn-lab sample`: text from a saved run."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice

import numpy as np

from cli.lab.errors import LabError
from cli.lab.runs import Run
from data import UNKNOWN, Vocab
from rnn.decoding import sample

SHOWN = 5  # tokens that a line names at most


def continuation(run: Run, prompt: str, *, length: int, temperature: float, seed: int) -> Iterator[str]:
    """`length` tokens that go on from the prompt, as text to write after it, piece by piece.

    Refuses a prompt with tokens that the run has never seen.
    """
    if unknown := run.vocab.unknown(prompt):
        shown = ", ".join(map(repr, unknown[:SHOWN])) + (" …" if len(unknown) > SHOWN else "")
        what = f"the prompt has {shown}, which the run's vocabulary has not"
        raise LabError(what, str(run.folder), _known(run.vocab, unknown))
    rng = np.random.default_rng(seed)
    ids = sample(run.model, run.vocab.encode(prompt), temperature=temperature, rng=rng)
    return run.vocab.pieces(islice(ids, length), after=prompt)


def _known(vocab: Vocab, unknown: tuple[str, ...]) -> str:
    """What to use instead: of words the nearest, as there are too many to list."""
    known = [token for token in vocab.tokens if token != UNKNOWN and token.isprintable()]
    if vocab.kind == "char":
        return f"use these: {''.join(sorted(known))}"
    nearest = [close[0] for word in unknown if (close := get_close_matches(word, known, n=1))]
    return f"use words of the text, such as {', '.join(nearest[:SHOWN] or known[:SHOWN])}"
