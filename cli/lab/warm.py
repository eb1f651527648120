"""`rnn-lab warm`: every kernel compiled ahead, by small problems that call what commands call, as commands call it.

A kernel is compiled for the types of what it is given, so the problems go through the layers, models and ops
themselves, and are just large enough that the ops think a kernel worth while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from cli.lab.errors import LabError
from cli.lab.kernels import compiled, kernels, lost, obstacle, size
from minigrad import Tensor, Value, compile, cross_entropy, no_grad
from minigrad.kernels.compiling import cache_root
from minigrad.nn import Linear
from rnn.baselines import HMM, NGram
from rnn.decoding import sample
from rnn.fused import FUSED
from rnn.layers import LAYERS, VARIANTS
from rnn.models import LanguageModel
from rnn.recurrent import Recurrent

DTYPES = ("float32", "float64")
STEPS, ROWS, VOCABULARY, WIDTH = 40, 20, 80, 24  # scores and head are large enough for kernels of their own


@dataclass(frozen=True)
class Part:
    """Something that is about to be done, the `number`-th of `total`."""

    number: int
    total: int
    title: str


Tell = Callable[[Part], None]


@dataclass(frozen=True)
class Warmed:
    """What came of it: how often a kernel was compiled, each for other types; how many there are; where they lie."""

    compiled: int
    kernels: int
    seconds: float
    folder: str
    bytes: int

    def row(self) -> dict[str, Any]:
        """Under the names that programs read."""
        return asdict(self)


def works() -> dict[str, Callable[[], None]]:
    """What is done to have everything compiled, by what it is for."""
    found: dict[str, Callable[[], None]] = {}
    for dtype in DTYPES:
        for family in FUSED:
            found[f"{family} layers, {dtype}"] = partial(_layers, family, dtype)
        found[f"linear, softmax and loss, {dtype}"] = partial(_head, dtype)
        found[f"generation, {dtype}"] = partial(_generation, dtype)
    return found | {"tape": _tape, "n-grams": _ngrams, "hidden Markov models": _markov}


def warm(tell: Tell) -> Warmed:
    """Do all of it; `tell` is told each part before it is done. LabError where nothing can be kept."""
    if why := obstacle():
        raise _refusal(why)
    known, start, parts = kernels(), time.perf_counter(), works()
    before = compiled(known)
    for number, (title, work) in enumerate(parts.items(), 1):
        tell(Part(number, len(parts), title))
        work()
    if lost(known):
        raise _refusal(obstacle() or "something kept them from being written")
    seconds = time.perf_counter() - start
    return Warmed(compiled(known) - before, len(known), seconds, str(cache_root()), size(known))


def _refusal(why: str) -> LabError:
    what = f"compiled kernels cannot be kept: {why}"
    return LabError(what, str(cache_root()), "make room or set NUMBA_CACHE_DIR to another folder")


def _layers(family: str, dtype: str) -> None:
    """Dense vectors and ids, both directions, two layers, with a gradient and without."""
    rng = np.random.default_rng(0)
    layer = Recurrent(VARIANTS[family](WIDTH), WIDTH, WIDTH, 2, bidirectional=True, dtype=dtype, rng=rng)
    numbers = rng.standard_normal((3, 2, WIDTH)).astype(dtype)
    for x in (numbers, Tensor(numbers), Tensor(numbers, requires_grad=True), rng.integers(WIDTH, size=(3, 2))):
        layer(x)[0].sum().backward()
        with no_grad():
            layer(x, lengths=[3, 2])


def _head(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = Tensor(rng.standard_normal((STEPS, ROWS, WIDTH)).astype(dtype), requires_grad=True)
    ids = rng.integers(VOCABULARY, size=(STEPS, ROWS))
    for bias in (True, False):
        cross_entropy(Linear(WIDTH, VOCABULARY, bias=bias, dtype=dtype, rng=rng)(x), ids).backward()


def _generation(dtype: str) -> None:
    """A model of each cell learns from a minibatch, is measured on a text and goes on from a prompt."""
    rng = np.random.default_rng(0)
    ids = rng.integers(VOCABULARY, size=(STEPS + 1, ROWS))
    for cell in LAYERS:
        model = LanguageModel(VOCABULARY, WIDTH, cell=cell, dtype=dtype, rng=rng)
        scores, state = model(ids[:-1])
        cross_entropy(scores, ids[1:]).backward()
        model(ids[:-1], state)
        model.log_probs(ids.ravel())
        list(islice(sample(model, ids[:3, 0], rng=rng), 40))


def _tape() -> None:
    """A replay with one row of inputs and with many."""
    x, y = Value(0.5), Value(2.0)
    tape = compile((x * y + y.exp()).tanh() + (x - y).sigmoid(), [x, y])
    tape(np.ones(2))
    tape(np.ones((10, 2)))


def _ngrams() -> None:
    """Counting, learning weights, asking and drawing."""
    rng = np.random.default_rng(0)
    ids = rng.integers(4, size=300)
    for smoothing in ("kneser-ney", "jelinek-mercer", "katz"):
        model = NGram(3, smoothing).fit(ids, vocabulary=5).partial_fit(ids)
        model.log_probs(ids)
        model.next_distribution(ids[:9])
        model.sample(20, rng=rng)
        model.sample(20, context=ids[:9], temperature=0.5, top_k=3, top_p=0.9, rng=rng)


def _markov() -> None:
    """Messages as numbers and as logarithms, the best path, and drawing one."""
    rng = np.random.default_rng(0)
    usual = HMM.random(3, 4, rng)
    tiny = np.array([[1 - 1e-250, 1e-250], [0.5, 0.5]])
    thin = HMM(np.array([0.5, 0.5]), tiny, tiny)
    for model in (usual, thin):
        ids = model.sample(20, rng).ids
        model.log_likelihood(ids)
        model.posterior(ids)
        model.viterbi(ids)
