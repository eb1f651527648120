"""A source of text with a finite memory that its own text moves, and everything about it that can be known."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data.checks import distributions, ids_below, whole
from data.errors import DataError
from data.tasks.examples import entropy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Context = Literal["carry"] | int

LARGEST = 1024  # states: the equations for their shares are solved as one dense system
_ROOM = 2**24  # numbers held at once


@dataclass(frozen=True, eq=False)
class Source:
    """In state s it writes token x with probability emit[s, x] (S, V) and moves to state follow[s, x] (S, V).

    The text and the first state together give every state, so a source of this kind has an entropy rate in closed form.
    The text is stationary: the first state is drawn by the shares π that the source keeps. It is a predictor of
    tokens as well, the one that nobody betters: `log_probs` and `next_distribution` know the rule and no state.
    Raises DataError for rows that do not sum to 1, fewer than 2 tokens, more than 1,024 states, states that do not
    exist, and a source that may end up in places it cannot leave, more than one: then there is no one rate.
    """

    emit: Floats
    follow: Ints

    def __post_init__(self) -> None:
        emit, follow = distributions(self.emit, "emit"), np.array(self.follow)
        if emit.ndim != 2 or emit.shape != follow.shape or follow.dtype.kind not in "iu":
            what = f"emit {emit.shape} and follow {follow.shape} {follow.dtype} do not fit"
            raise DataError(what, "Source", "give two tables (states, tokens), the second of whole numbers")
        if len(emit) > LARGEST:
            raise DataError(f"there are {len(emit):,} states", "Source", f"give at most {LARGEST:,}")
        if not 0 <= follow.min() <= follow.max() < len(emit):
            raise DataError("a state is followed by one that does not exist", "follow", f"stay below {len(emit)}")
        object.__setattr__(self, "emit", emit)
        object.__setattr__(self, "follow", follow)
        if not _one_end(self._moves):
            what = "it may end up in more than one set of states that it cannot leave"
            raise DataError(what, "Source", "give every state a way to one and the same state")

    @property
    def vocabulary(self) -> int:
        """The number V of tokens; ids are 0 … V−1."""
        return self.emit.shape[1]

    @cached_property
    def stationary(self) -> Floats:
        """π (S,), the share of the time spent in each state: π = π M, Σ π = 1, M the chances to move."""
        balance = self._moves.T - np.eye(len(self.emit))
        balance[-1] = 1.0  # any one of the balances follows from the others
        found = np.maximum(np.linalg.solve(balance, np.eye(len(self.emit))[-1]), 0.0)
        return np.asarray(found / found.sum())

    @cached_property
    def _moves(self) -> Floats:
        """M (S, S): the chance to be in state j after i."""
        size = len(self.emit)
        places = np.arange(size)[:, None] * size + self.follow
        return _totals(places, self.emit, size * size).reshape(size, size)

    @cached_property
    def entropy_rate(self) -> float:
        """h = Σ_s π(s) H(emit[s]) in nats per token: the floor of every predictor, and exp h of every perplexity.

        Given the first state, N tokens have entropy Σ_t Σ_s P(s_t = s) H(emit[s]) = N h exactly, because the text
        moves the state; not knowing that state adds at most ln S in all, which is nothing per token.
        """
        return float(self.stationary @ entropy(self.emit))

    def floor(self, context: int) -> float:
        """H(x_t | the `context` tokens before it) in nats: no predictor with so short a memory can do better.

        It falls from the entropy of one token by itself, for 0, to h, or towards it. Followed forwards through all that
        the tokens may tell about the state, contexts that tell the same taken together. Raises DataError where there
        are too many.
        """
        beliefs, chances = self.stationary[None], np.ones(1)
        for _ in range(whole(context, "context", 0)):
            if (beliefs.max(axis=1) == 1.0).all():  # every context tells the state
                return self.entropy_rate
            beliefs, chances = self._one_more(beliefs, chances)
        return float(chances @ entropy(beliefs @ self.emit))

    def _one_more(self, beliefs: Floats, chances: Floats) -> tuple[Floats, Floats]:
        """The beliefs (n, S) about the state and their chances (n,), one token later."""
        if beliefs.size * self.vocabulary > _ROOM:
            raise DataError("there are too many contexts to go through", "floor", "give a shorter context")
        joint = (chances[:, None] * (beliefs @ self.emit)).ravel()
        which, token = np.divmod(np.flatnonzero(joint), self.vocabulary)
        after = self._after(beliefs[which], token).round(12)
        merged, place = np.unique(after, axis=0, return_inverse=True)
        return merged, _totals(place, joint[joint > 0], len(merged))

    def _after(self, beliefs: Floats, tokens: Ints) -> Floats:
        """P(next state | token), (n, S), from P(state) (n, S) and a token for each row (n,): Bayes, then the move.

        After a token that could not be, the token moves the states and tells nothing about them.
        """
        rows, size = beliefs.shape
        likely = beliefs * self.emit[:, tokens].T
        total = likely.sum(axis=1, keepdims=True)
        likely = np.where(total > 0, likely / np.where(total > 0, total, 1.0), beliefs)
        places = np.arange(rows)[:, None] * size + self.follow[:, tokens].T
        return _totals(places, likely, rows * size).reshape(rows, size)

    def blocks(self, length: int) -> Floats:
        """P(x_1 … x_n) of every block of n = `length` tokens, (V,) * n. Raises DataError where there are too many."""
        if self.vocabulary ** whole(length, "length", 0) * len(self.emit) > _ROOM:
            raise DataError(f"there are too many blocks of {length} tokens", "blocks", "give a shorter length")
        joint = self.stationary[None]  # P(block, state after it), (Vᵏ, S)
        for _ in range(length):
            joint = np.stack([(joint * self.emit[:, x]) @ self._move_by(x) for x in range(self.vocabulary)], axis=1)
            joint = joint.reshape(-1, len(self.emit))
        return joint.sum(axis=1).reshape((self.vocabulary,) * length)

    def _move_by(self, token: int) -> Floats:
        return np.eye(len(self.emit))[self.follow[:, token]]

    def sample(self, length: int, rng: np.random.Generator) -> Ints:
        """A text (N,) from a state drawn by π."""
        drawn = rng.random(whole(length, "length", 0) + 1).tolist()
        rows, follow = _cumulative(self.emit), self.follow.tolist()
        state = bisect_right(_cumulative(self.stationary[None])[0], drawn.pop())
        ids = []
        for u in drawn:
            token = bisect_right(rows[state], u)
            ids.append(token)
            state = follow[state][token]
        return np.array(ids, np.int64)

    def log_probs(self, ids: Any, context: Context = "carry") -> Floats:
        """log P(x_t | tokens before t) (N,) in nats, −inf where P = 0; the first token by the stationary text.

        With "carry" a token sees the whole past, with an integer k at most the k tokens before it.
        Raises DataError for ids outside 0 … V−1 and a context below 0.
        """
        text = ids_below(ids, self.vocabulary)
        if context == "carry":
            return self._carried(text)
        k = whole(context, "context", 0)
        if len(text) <= k:
            return self._carried(text)
        past = np.lib.stride_tricks.sliding_window_view(text[:-1], k) if k else np.empty((len(text), 0), np.int64)
        size = max(1, _ROOM // 8 // len(self.emit))
        parts = [self._windows(past[i : i + size], text[k + i :][:size]) for i in range(0, len(past), size)]
        return np.concatenate([self._carried(text[:k]), *parts])

    def _windows(self, past: Ints, tokens: Ints) -> Floats:
        """log P(token | its window) for windows (n, k) and tokens (n,)."""
        return _log((self._believe(past) * self.emit[:, tokens].T).sum(axis=1))

    def _believe(self, past: Ints) -> Floats:
        """P(state | the tokens just before), (n, S), for n rows of tokens (n, k)."""
        beliefs = np.tile(self.stationary, (len(past), 1))
        for tokens in past.T:
            beliefs = self._after(beliefs, tokens)
        return beliefs

    def _carried(self, text: Ints) -> Floats:
        chances, belief, t = np.empty(len(text)), self.stationary[None], 0
        while t < len(text) and np.count_nonzero(belief) > 1:
            chances[t] = belief[0] @ self.emit[:, text[t]]
            belief, t = self._after(belief, text[t : t + 1]), t + 1
        states, follow = [int(belief.argmax())], self.follow.tolist()
        for token in text[t:].tolist():  # the state is known from here on
            states.append(follow[states[-1]][token])
        chances[t:] = self.emit[states[:-1], text[t:]]
        return _log(chances)

    def next_distribution(self, context: Any) -> Floats:
        """P(· | context) (V,) for the ids of a context, which may be none. Raises DataError for ids outside 0 … V−1."""
        return np.asarray(self._believe(ids_below(context, self.vocabulary)[None])[0] @ self.emit)


def _one_end(moves: Floats) -> bool:
    """Whether some state can be reached from every state; then there is one set of shares only."""
    reached = (moves > 0) | np.eye(len(moves), dtype=bool)
    while True:
        further = reached.astype(np.float32) @ reached > 0
        if (further == reached).all():
            return bool(reached.all(axis=0).any())
        reached = further


def _cumulative(rows: Floats) -> list[list[float]]:
    """Running sums whose last is 1 exactly, so that a draw below 1 never falls behind the last possible token."""
    sums = np.cumsum(rows, axis=1)
    return (sums / sums[:, -1:]).tolist()


def _totals(places: Ints, amounts: Floats, size: int) -> Floats:
    """The sum of the amounts at each of the places 0 … size − 1, (size,)."""
    return np.asarray(np.bincount(places.ravel(), amounts.ravel(), size), np.float64)


def _log(p: Floats) -> Floats:
    return np.log(np.minimum(p, 1.0), where=p > 0, out=np.full(p.shape, -np.inf))
