"""`rnn-lab sample`: text from a saved run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from cli.lab.errors import LabError
from cli.lab.runs import Run
from rnn.decoding import sample


def continuation(run: Run, prompt: str, *, length: int, temperature: float, seed: int) -> Iterator[str]:
    """Characters that go on from the prompt. Refuses a prompt with characters the run has never seen."""
    if unknown := run.vocab.unknown(prompt):
        shown = ", ".join(repr(c) for c in unknown)
        known = "".join(sorted(c for c in run.vocab.tokens[1:] if c.isprintable()))
        raise LabError(
            f"the prompt has {shown}, which the run's vocabulary has not", str(run.folder), f"use these: {known}"
        )
    rng = np.random.default_rng(seed)
    ids = sample(run.model, run.vocab.encode(prompt), temperature=temperature, rng=rng)
    return (run.vocab.decode([i]) for i in islice(ids, length))
