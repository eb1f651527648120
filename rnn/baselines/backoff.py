"""An n-gram model as it is asked: the probabilities of the grams that are there, and what each context spares.

    P(w | c) = p(c, w) where the gram is there, else spare(c) · P(w | a shorter context)

Every smoothing comes to this form, and an ARPA file is it. Which shorter context is `leans`, for each order: the next
shorter one in a chain, none in `laplace`, which leans on 1/V.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rnn.baselines.ngram_draws import draw, draw_shaped
from rnn.baselines.ngram_kernels import Tree, advance, rows, score, shorten
from rnn.errors import RnnError
from rnn.metrics import Context, Floats, Ids, Ints, check_ids, context_length, whole_number


@dataclass(frozen=True, eq=False)
class Backoff:
    """An n-gram model of V tokens; M grams of all orders, I of them below the highest. A `Predictor`.

    A text starts in the state `start`: the empty context 0, or that of `<s>` in a model from an ARPA file, in which
    `<s>` has the id V and is never predicted.
    """

    vocabulary: int
    tree: Tree
    p: Floats  # (M,)
    spare: Floats  # (I,)
    scores: bool = False  # what stands for probabilities are scores
    normal: bool = True  # every row sums to 1
    start: int = 0

    @property
    def order(self) -> int:
        """n."""
        return self.tree.leans.size - 1

    @property
    def chained(self) -> bool:
        """Whether each order leans on the one below, as an ARPA file has it."""
        return bool((self.tree.leans[1:] == np.arange(self.order)).all())

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P of every token of `ids`, (N,), nats; −inf where P = 0. A small `context` lowers the order.

        Raises RnnError for ids outside 0 … V−1, and for a model of scores.
        """
        self._refuse_scores("log_probs", "log_scores")
        return self.log_scores(ids, context)

    def next_distribution(self, context: Ids | Sequence[Ids]) -> Floats:
        """P(· | the last n−1 tokens of `context`), (V,), or (B, V) for B contexts of one length, (B, m).

        The context is all that came before: a short one begins at the start of a text, an empty one is the start.
        Raises RnnError as `log_probs`.
        """
        self._refuse_scores("next_distribution", "next_scores")
        return self.next_scores(context)

    def log_scores(self, ids: Ids, context: Context = "carry") -> Floats:
        """`log_probs`, of whatever the model gives."""
        text = check_ids(ids, self.vocabulary)
        limit = context_length(context, self.order - 1)
        out = np.full(text.size, -np.log(self.vocabulary))
        score(self.tree, *self._logs, self.start, self._start_depth, limit, text, out)
        return np.minimum(out, 0.0, out=out)

    def next_scores(self, context: Ids | Sequence[Ids]) -> Floats:
        """`next_distribution`, of whatever the model gives."""
        asked, batch = self._contexts(context)
        out = np.full((asked.shape[0], self._symbols), -1.0)
        begin, depth = self._begin(asked.shape[1])
        recent = np.ascontiguousarray(asked[:, max(asked.shape[1] - self.order + 1, 0) :])
        rows(self.tree, self.p, self.spare, begin, depth, self.order - 1, recent, out, 1.0 / self.vocabulary)
        found = out[:, : self.vocabulary]
        return found if batch else found[0]

    def sample(
        self,
        length: int,
        *,
        context: Ids = (),
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        rng: np.random.Generator,
    ) -> Ints:
        """`length` tokens after `context`, (length,), each drawn from P(· | those before it).

        P is raised to 1/temperature (0 takes the most probable token), then only the `top_k` most probable tokens
        remain, of these the fewest that hold a share of at least `top_p`, and what remains is divided by its sum; so
        are scores. Equals stand in the order of their ids. Raises RnnError for numbers that make no sense.
        """
        wanted = whole_number(length, "length", least=0)
        most = self.vocabulary if top_k is None else whole_number(top_k, "top_k", least=1)
        _check_shape(temperature, top_p)
        before = check_ids(context, self.vocabulary)
        out = np.empty(wanted, np.int64)
        state = self._state(before)
        u = rng.random(wanted)
        if temperature == 1 and top_p == 1 and most >= self.vocabulary and self.normal:
            draw(self.tree, self.p, self.spare, *state, np.full(self._symbols, -1), 1.0 / self.vocabulary, u, out)
        else:
            room = np.empty(self._symbols), np.empty(self._symbols, np.int64)
            shape = 1.0 / self.vocabulary, float(temperature), most, float(top_p)
            draw_shaped(self.tree, self.p, self.spare, *state, *room, *shape, u, out)
        return out

    @cached_property
    def _logs(self) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore"):
            return np.log(self.p), np.log(self.spare)

    @property
    def _start_depth(self) -> int:
        return int(self.start > 0)

    @property
    def _symbols(self) -> int:
        """The tokens, and `<s>` where there is one."""
        return self.vocabulary + self._start_depth

    def _begin(self, length: int) -> tuple[int, int]:
        """The state before a context of this length: what is longer than n−1 tokens hides the start."""
        return (self.start, self._start_depth) if length < self.order else (0, 0)

    def _state(self, context: Ints) -> tuple[int, int, int, int]:
        """(node, its depth, tokens available, limit) after a context."""
        limit = self.order - 1
        begin, depth = self._begin(context.size)
        available = min(depth + context.size, limit)
        begin, depth = shorten(self.tree.links, begin, depth, limit)
        recent = context[max(context.size - limit, 0) :]
        return (*advance(self.tree, begin, depth, limit, recent), available, limit)

    def _contexts(self, context: Ids | Sequence[Ids]) -> tuple[Ints, bool]:
        """As rows, (B, m), and whether there may be more than one."""
        try:
            table: NDArray[np.integer] = np.asarray(context)
        except ValueError:
            remedy = "give contexts of one length as rows, (B, m), others one by one"
            raise RnnError("the contexts have different lengths", "next_distribution", remedy) from None
        if table.ndim == 2:
            return check_ids(table.ravel(), self.vocabulary).reshape(table.shape), True
        return check_ids(table, self.vocabulary)[None], False

    def _refuse_scores(self, asked: str, instead: str) -> None:
        if self.scores:
            remedy = f"ask for {instead}, or choose a smoothing whose rows sum to 1"
            raise RnnError("the model gives scores, not probabilities", asked, remedy)


def _check_shape(temperature: float, top_p: float) -> None:
    if not 0 <= temperature < np.inf:
        raise RnnError(f"the temperature is {temperature}", "sample", "give 0 or more")
    if not 0 < top_p <= 1:
        raise RnnError(f"top_p is {top_p}", "sample", "give a share above 0, and at most 1")
