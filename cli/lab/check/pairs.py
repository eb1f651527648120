"""Two mistakes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain as chain_of
from itertools import combinations, product

from cli.lab.check.chain import Chain
from cli.lab.check.explanations import Explanation, single
from cli.lab.check.general import whole
from rnn.formulas import Equation
from rnn.mutation import Mutant, mutants

LIKELY = frozenset(("slope", "square", "complement", "gate", "index", "term", "sign", "factor", "transpose", "mean"))
"""The kinds of mistake of which two are looked for together."""


def pairs(chain: Chain) -> Iterator[Explanation]:
    """Two likely mistakes: one of them about the whole, or in different equations."""
    equations = chain.equations[::-1]
    general = [*whole(chain), *(x for e in equations for x in single(e) if x.others)]
    likely = {e.id: [Explanation((m,)) for m in _likely(e)] for e in equations}
    both = chain_of(
        product(general, chain_of.from_iterable(likely.values())),
        combinations(general, 2),
        *(product(likely[e.id], likely[other.id]) for e, other in combinations(equations, 2)),
    )
    yield from (x for a, b in both if (x := a.joined(b)) is not None)


def twice(e: Equation) -> Iterator[Explanation]:
    """Two likely mistakes in one equation, no two pairs with the same source."""
    seen = set()
    for one in _likely(e):
        for more in _likely(one.equation):
            if more.equation.code not in seen:
                seen.add(more.equation.code)
                yield Explanation((one, more))


def _likely(e: Equation) -> list[Mutant]:
    return [m for m in mutants(e) if m.kind in LIKELY]
