"""What can be wrong about an answer, each with the values that it leads to.

A mistake is in an equation (a mutant of `rnn.mutation`, or a slip that is common in programs), at every step or at
some; in what is taken as given (the first state forgotten, an index that wraps round); in the loop (a step that is
never reached, the wrong direction); or in the form of a right result (`cli.lab.check.forms`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from cli.lab.check.chain import Chain, Run, Where
from cli.lab.check.slips import slips
from rnn.formulas import Equation
from rnn.formulas.notation import symbol
from rnn.formulas.registry import Values
from rnn.mutation import Mutant, mutants

Change = Callable[[Chain], Values]
"""From a chain to the values that are taken in the place of its own."""


@dataclass(frozen=True)
class Explanation:
    """One mistake or several: in equations, and `others`, each with a short name and a sentence.

    `where` the mutants are, `how` what the others come to in a run; `taken` are other values for what is given.
    The mutants may be `alike`: one mistake, in several formulas.
    """

    mutants: tuple[Mutant, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    where: Where = "everywhere"
    how: Run = field(default_factory=Run)
    taken: Change | None = None
    alike: bool = False

    @property
    def name(self) -> str:
        """For programs: "24#7", "first state", "transposed", joined by " + "."""
        return " + ".join((*(m.name for m in self.mutants), *(name for name, _ in self.others)))

    @property
    def said(self) -> str:
        """For people, a sentence for each."""
        of_mutants = [sentence(m, self.where) for m in self.mutants]
        if self.alike:
            others = dict.fromkeys(symbol(m.original.quantity) for m in self.mutants[1:])
            of_mutants[1:] = [f"The same in the formula for {', '.join(others)}."]
        return " ".join(dict.fromkeys((*of_mutants, *(said for _, said in self.others))))

    @property
    def changed(self) -> dict[str, tuple[Equation, Where]]:
        """The equations that take the place of right ones."""
        return {**self.how.changed, **{m.original.id: (m.equation, self.where) for m in self.mutants}}

    def values(self, chain: Chain) -> Values | None:
        """What the chain comes to with these mistakes; None where that cannot be computed."""
        taken = self.taken(chain) if self.taken else {}
        return chain.run(replace(self.how, changed=self.changed, taken=taken))

    def also(self, name: str, said: str) -> Explanation:
        """The same with something else on top."""
        return replace(self, others=(*self.others, (name, said)))

    def joined(self, other: Explanation) -> Explanation | None:
        """Both at once; None where they cannot be had together."""
        one, two = self.changed, other.changed
        if (self.taken and other.taken) or one.keys() & two.keys() or not (one or two or self.taken or other.taken):
            return None
        how = Run(
            {**one, **two}, self.how.skipped | other.how.skipped, {}, self.how.turned or other.how.turned,
            self.how.wrapped or other.how.wrapped,
        )  # fmt: skip
        said = [(m.name, sentence(m, x.where)) for x in (self, other) for m in x.mutants]
        return Explanation((), (*said, *self.others, *other.others), how=how, taken=self.taken or other.taken)


def sentence(m: Mutant, where: Where = "everywhere") -> str:
    """A mutant's description as a sentence, with what it means where the kind of mistake says that."""
    words = _INSTEAD.sub(r"\1 stands where \2 belongs", m.description)
    first, _, rest = words.partition(" ")
    words = f"{first.capitalize() if first in _WORDS else first} {rest}"  # h⁽ᵗ⁾ stands where … keeps its small letter
    place = "" if where == "everywhere" else f", {where} only" if where.startswith("at") else f", {where}"
    return f"{words}{place}. {_MEANT.get(_sort(m), '') if m.original.given.symbol[0] in '∇∂δ' else ''}".rstrip()


_INSTEAD = re.compile(r"^(?!a )(.+) instead of (.+)$")  # but for "a mean instead of a sum"
_WORDS = ("the", "a", "an", "only", "another")


def _sort(m: Mutant) -> str:
    """The kind of a mistake; for a factor that is left out, what it was."""
    if m.kind != "factor":
        return m.kind
    slopes = ("1 - ", "diag(1 - ")
    return "slope left out" if m.was.startswith(slopes) and "2" in m.was else m.kind


_MEANT = {
    "slope left out": "The way back leads through tanh: its derivative is missing.",
    "slope": "The derivative of tanh is 1 − tanh², that of σ is σ (1 − σ), both of the value at that step.",
    "square": "The derivative of tanh is 1 − tanh².",
    "mean": "The loss is a sum over the steps, not a mean.",
    "transpose": "Going back through a matrix product multiplies by the transpose; shapes alone do not show it.",
    "only-last": "Each step adds its part; only one is kept.",
    "only-first": "Each step adds its part; only one is kept.",
}
_PLACES: tuple[Where, ...] = (
    "at the first step", "at the last step", "after the first step", "before the last step",
)  # fmt: skip
_AT_SOME = {"term": _PLACES, "factor": _PLACES, "index": _PLACES[2:]}
"""Kinds of mistake that are made at some steps and not at others."""


@cache
def single(e: Equation) -> tuple[Explanation, ...]:
    """Every mistake in an equation that is made at every step, and the step that is not reached."""
    found = [Explanation((m,)) for m in mutants(e)]
    found += [other(f"{e.id}: {name}", said, {e.id: x}) for name, said, x in slips(e)]
    if "t" in e.over:
        found += [_skipping(e, place) for place in _PLACES[:2]]
    return tuple(found)


@cache
def at_some_steps(e: Equation) -> tuple[Explanation, ...]:
    """Mistakes that are made at some steps and not at others, or that wrap round at one."""
    planted = mutants(e)
    found = [Explanation((m,), where=w) for m in planted for w in _AT_SOME.get(m.kind, ())] if "t" in e.over else []
    before = [m for m in planted if m.kind == "index" and "[t - 1]" in m.now]
    return (*found, *(Explanation((m,), (_WRAPS,), how=Run(wrapped=True)) for m in before))


_WRAPS = ("wraps round", "At t = 1 that is the last step: in Python a[t - 1] is a[-1] there.")


def other(name: str, said: str, changed: Mapping[str, Equation], *, turned: bool = False) -> Explanation:
    """Other equations in the place of some, everywhere."""
    everywhere: dict[str, tuple[Equation, Where]] = {id: (e, "everywhere") for id, e in changed.items()}
    return Explanation(others=((name, said),), how=Run(everywhere, turned=turned))


def _skipping(e: Equation, place: Where) -> Explanation:
    said = f"{symbol(e.quantity)} is not computed {place}: there it is zero. Does the loop reach it?"
    how = Run(skipped=frozenset({(e.id, place)}))
    return Explanation(others=((f"{e.id} skipped {place}", said),), how=how)
