"""Two mistakes at a time."""

from __future__ import annotations

from collections.abc import Iterator

from cli.lab.check.chain import Chain
from cli.lab.check.explanations import Explanation, single
from cli.lab.check.general import whole
from rnn.formulas import Equation
from rnn.mutation import mutants

LIKELY = frozenset(("slope", "square", "complement", "gate", "index", "term", "sign", "factor", "transpose", "mean"))
"""The kinds of mistake of which two are looked for together."""


def pairs(chain: Chain) -> Iterator[Explanation]:
    """Two likely mistakes: one of them about the whole, or in different equations, or both in one."""
    equations = chain.equations[::-1]
    general = [*whole(chain), *(x for e in equations for x in single(e) if x.others)]
    likely = {e.id: [Explanation((m,)) for m in mutants(e) if m.kind in LIKELY] for e in equations}
    found = [(a, b) for a in general for some in likely.values() for b in some]
    found += [(a, b) for k, a in enumerate(general) for b in general[k + 1 :]]
    found += [
        (a, b) for k, e in enumerate(equations) for other in equations[k + 1 :]
        for a in likely[e.id] for b in likely[other.id]
    ]  # fmt: skip
    yield from (x for a, b in found if (x := a.joined(b)) is not None)
    for e in equations:
        yield from _twice(e)


def _twice(e: Equation) -> Iterator[Explanation]:
    seen = set()
    for one in (m for m in mutants(e) if m.kind in LIKELY):
        for more in (m for m in mutants(one.equation) if m.kind in LIKELY):
            if more.equation.code not in seen:
                seen.add(more.equation.code)
                yield Explanation((one, more))
