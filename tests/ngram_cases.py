"""Smoothings by counting substrings, one event at a time, in fractions; without trees and back-off weights."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

Gram = tuple[int, ...]


class Brute:
    """P(w | c) by the definition of each smoothing."""

    def __init__(
        self, text: Sequence[int], vocabulary: int, name: str, order: int, *,
        epsilon: Sequence[Fraction] = (), weights: Sequence[Fraction] = (),
    ) -> None:  # fmt: skip
        self.text, self.V, self.order = tuple(text), vocabulary, order
        self.epsilon, self.weights = epsilon, weights
        self.rule = getattr(self, name.replace("-", "_"))

    def n(self, *gram: int) -> int:
        places = range(len(self.text) - len(gram) + 1)
        return sum(self.text[i : i + len(gram)] == gram for i in places)

    def before(self, *gram: int) -> int:
        """How many different tokens stand before a gram, the start of the text being one."""
        places = [i for i in range(len(self.text) - len(gram) + 1) if self.text[i : i + len(gram)] == gram]
        return len({self.text[i - 1] if i else None for i in places})

    def adjusted(self, *gram: int) -> int:
        return self.n(*gram) if len(gram) == self.order else self.before(*gram)

    def followed(self, context: Gram) -> int:
        return sum(self.n(*context, w) for w in range(self.V))

    def lower(self, context: Gram, w: int) -> Fraction:
        return self.rule(context[1:], w) if context else Fraction(1, self.V)

    def times(self, count, length: int, r: int) -> int:
        """n_r: how many different grams of a length have the count r."""
        grams = {self.text[i : i + length] for i in range(len(self.text) - length + 1)}
        return sum(count(*gram) == r for gram in grams)

    def mle(self, context: Gram, w: int) -> Fraction:
        total = self.followed(context)
        return Fraction(self.n(*context, w), total) if total else self.lower(context, w)

    def laplace(self, context: Gram, w: int) -> Fraction:
        return Fraction(self.n(*context, w) + 1, self.followed(context) + self.V)

    def lidstone(self, context: Gram, w: int) -> Fraction:
        e = self.epsilon[len(context)]
        bottom = self.followed(context) + e * self.V
        return (self.n(*context, w) + e) / bottom if bottom else self.lower(context, w)

    def d2l(self, context: Gram, w: int) -> Fraction:
        e = self.epsilon[len(context)]
        base = self.d2l((), w) if context else Fraction(1, self.V)
        bottom = (self.n(*context) if context else len(self.text)) + e
        return (self.n(*context, w) + e * base) / bottom if bottom else base

    def d2l_chain(self, context: Gram, w: int) -> Fraction:
        e, lower = self.epsilon[len(context)], self.lower(context, w)
        bottom = self.followed(context) + e
        return (self.n(*context, w) + e * lower) / bottom if bottom else lower

    def jelinek_mercer(self, context: Gram, w: int) -> Fraction:
        total, weight = self.followed(context), self.weights[len(context)]
        lower = self.lower(context, w)
        return weight * Fraction(self.n(*context, w), total) + (1 - weight) * lower if total else lower

    def witten_bell(self, context: Gram, w: int) -> Fraction:
        types = sum(self.n(*context, x) > 0 for x in range(self.V))
        bottom, lower = self.followed(context) + types, self.lower(context, w)
        return (self.n(*context, w) + types * lower) / bottom if bottom else lower

    def absolute(self, context: Gram, w: int) -> Fraction:
        return self._discounted(context, w, self.n, self._one_discount)

    def kneser_ney(self, context: Gram, w: int) -> Fraction:
        return self._discounted(context, w, self.adjusted, self._one_discount)

    def modified_kneser_ney(self, context: Gram, w: int) -> Fraction:
        return self._discounted(context, w, self.adjusted, self._three_discounts)

    def katz(self, context: Gram, w: int) -> Fraction:
        taken = self._good_turing(len(context) + 1)
        counts = [self.n(*context, x) for x in range(self.V)]
        total = sum(counts)
        if not total:
            return self.lower(context, w)
        kept = [n - taken(n) for n in counts]
        missing = sum((self.lower(context, x) for x in range(self.V) if not counts[x]), Fraction(0))
        if not missing:
            return kept[w] / sum(kept)
        total += sum(kept) == total
        return kept[w] / total if counts[w] else (1 - sum(kept) / total) / missing * self.lower(context, w)

    def stupid_backoff(self, context: Gram, w: int) -> Fraction:
        total, n = self.followed(context), self.n(*context, w)
        if n:
            return Fraction(n, total)
        return Fraction(2, 5) * self.lower(context, w)

    def _discounted(self, context: Gram, w: int, count, discounts) -> Fraction:
        d = discounts(count, len(context) + 1)
        counts = [count(*context, x) for x in range(self.V)]
        total, lower = sum(counts), self.lower(context, w)
        if not total:
            return lower
        taken = [d[min(n, len(d)) - 1] if n else Fraction(0) for n in counts]
        return (counts[w] - taken[w] + sum(taken) * lower) / total

    def _one_discount(self, count, length: int) -> list[Fraction]:
        one, two = (self.times(count, length, r) for r in (1, 2))
        return [Fraction(one, one + 2 * two) if one and two else Fraction(1, 2)]

    def _three_discounts(self, count, length: int) -> list[Fraction]:
        n = [self.times(count, length, r) for r in range(5)]
        fallback = [Fraction(1, 2), Fraction(1), Fraction(3, 2)]
        if not all(n[1:]):
            return fallback
        y = Fraction(n[1], n[1] + 2 * n[2])
        d = [r - (r + 1) * y * Fraction(n[r + 1], n[r]) for r in (1, 2, 3)]
        return d if all(0 < x < r for r, x in enumerate(d, 1)) else fallback

    def _good_turing(self, length: int):
        """What is taken from a count."""
        n = [self.times(self.n, length, r) for r in range(7)]
        for k in range(5, 0, -1):
            if not all(n[1 : k + 1]) or (k + 1) * n[k + 1] >= n[1]:
                continue
            a = Fraction((k + 1) * n[k + 1], n[1])
            d = [((r + 1) * Fraction(n[r + 1], n[r] * r) - a) / (1 - a) for r in range(1, k + 1)]
            if all(0 < x < 1 for x in d):
                return lambda r, d=d, k=k: r * (1 - d[r - 1]) if 1 <= r <= k else Fraction(0)
        return lambda r: Fraction(1, 2) if 1 <= r <= 5 else Fraction(0)


EPSILONS = st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1), Fraction(5, 2), Fraction(100)])

Problem = tuple[int, int, list[int], list[Fraction], list[int]]


@st.composite
def problems(draw: st.DrawFn, longest: int = 14) -> Problem:
    """(order, V, training text, ε per order, another text)."""
    order, vocabulary = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    tokens = st.integers(0, vocabulary - 1)
    text = draw(st.lists(tokens, min_size=order, max_size=longest))
    epsilon = draw(st.lists(EPSILONS, min_size=order, max_size=order))
    return order, vocabulary, text, epsilon, draw(st.lists(tokens, max_size=8))
