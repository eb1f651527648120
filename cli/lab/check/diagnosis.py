"""From an answer to what is wrong with it: the mistakes that lead to the same numbers on every problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from cli.lab.check.cases import Answer, Asked
from cli.lab.check.chain import Chain
from cli.lab.check.explanations import Explanation, at_some_steps, single
from cli.lab.check.forms import AGREE, FORMS, Array, clipped, proportional, same, unsummed
from cli.lab.check.general import at_once, whole
from cli.lab.check.local import Local
from cli.lab.check.pairs import pairs, twice
from rnn.formulas import Equation
from rnn.mutation import KINDS

PAIRS = 1000  # how many pairs of mistakes are tried where no single one fits
MISTAKES = 2  # how many mistakes are looked for in one function with many parts
_LIKELIEST = ("slope", "term", "factor", "sign", "square", "complement", "gate", "transpose", "index")
_RANK = {k: n for n, k in enumerate(dict.fromkeys((*_LIKELIEST, *(k for k in KINDS if k != "quantity"))))}


def explain(cases: Sequence[Asked], mine: Sequence[Answer]) -> tuple[Explanation, ...]:
    """All that explains the answers to one function on every problem, the likeliest first; empty where nothing does.

    Single mistakes and forms of the right result first; only where none fits, two at a time.
    """
    chain = cases[0].chain
    found = sorted(_fitting(_singles(chain, chain.equations), cases, mine), key=_rank)
    found = [*_of_form(Explanation(), cases, mine), *found]
    if not found:
        found = sorted(_fitting(_seldom(chain.equations), cases, mine), key=_rank)
    if not found:
        found = _of_parts(cases, mine)
    if not found:
        found = _formed(cases, mine)
    if not found:
        found = list(islice(_fitting(_two(cases[0], mine[0]), cases, mine), 1))
    return tuple(found)


def explain_parts(
    cases: Sequence[Asked], mine: Sequence[Answer], wrong: Sequence[str]
) -> dict[str, tuple[Explanation, ...]]:
    """Explanations for each wrong part of one answer, found together: a mistake runs on from part to part.

    One mistake that explains all that is wrong and leaves right what is; else the one that explains most, and then,
    with it, the next for what is left. A part that nothing explains has none.
    """
    first = [{n: m[n] for n in wrong} for m in mine]
    formed = [*_of_form(Explanation(), cases, first), *_of_parts(cases, first)]
    if formed:
        return dict.fromkeys(wrong, tuple(formed[:1]))
    chain, quantities = cases[0].chain, {cases[0].quantity[n] for n in wrong}
    reaching = tuple(e for e in chain.equations if chain.reaches(e, quantities))  # a mistake in others changes less
    for some in (_singles(chain, reaching), at_once(chain.equations), *map(at_some_steps, reaching)):
        if found := list(_fitting(some, cases, mine)):
            return dict.fromkeys(wrong, tuple(sorted(found, key=_rank)))
    return _one_by_one(cases, mine, wrong)


def _one_by_one(
    cases: Sequence[Asked], mine: Sequence[Answer], wrong: Sequence[str]
) -> dict[str, tuple[Explanation, ...]]:
    """The mistake that explains the most parts, then with it the one that explains the most of the others."""
    chain = cases[0].chain
    singles = [*_singles(chain, chain.equations), *at_once(chain.equations)]
    found: dict[str, tuple[Explanation, ...]] = dict.fromkeys(wrong, ())
    base: Explanation | None = None
    for _ in range(MISTAKES):
        left = [n for n in wrong if not found[n]]
        tried = [x if base is None else base.joined(x) for x in singles] if left else []
        best, explained = _most((x for x in tried if x is not None), cases, mine, left)
        if not best:
            break
        found |= dict.fromkeys(explained, best)
        base = best[0]
    return found


def _most(
    some: Iterable[Explanation], cases: Sequence[Asked], mine: Sequence[Answer], left: Sequence[str]
) -> tuple[tuple[Explanation, ...], tuple[str, ...]]:
    """The mistakes that explain the most parts of what is left, and these parts."""
    fitting: dict[tuple[str, ...], list[Explanation]] = {}
    for x in some:
        parts = tuple(left)
        for c, m in zip(cases, mine, strict=True):
            theirs = c.answers(x, parts) if parts else None
            parts = tuple(n for n in parts if theirs is not None and same(m[n], theirs[n]))
        if parts:
            fitting.setdefault(parts, []).append(x)
    if not fitting:
        return (), ()
    parts = max(fitting, key=len)
    return tuple(sorted(fitting[parts], key=_rank)), parts


def _two(case: Asked, mine: Answer) -> Iterator[Explanation]:
    """Two mistakes at a time: in one equation, if they add up step by step to one answer; in two; in one term."""
    ((name, array),) = mine.items()
    local = Local.of(case.chain, case.quantity[name], _by_index(case, name, array))
    if local is not None:
        yield from local.by_sum()
    yield from islice(pairs(case.chain), PAIRS)
    if local is not None:
        yield from local.in_one_term(PAIRS)
    else:
        yield from islice((x for e in reversed(case.chain.equations) for x in twice(e)), PAIRS)


def _by_index(case: Asked, name: str, array: Array) -> dict[Any, Array]:
    """An answer as the registry has it: a column or a matrix for each index. Empty where its shape is another."""
    known = case.chain.known[case.quantity[name]]
    if not isinstance(known, dict):
        return {None: array.reshape(np.shape(known))} if array.size == np.size(known) else {}
    layer = int(name[-1]) if name[-1].isdigit() and not name.endswith(("0", "_0")) else None
    of_layer = {i: v for i, v in known.items() if layer is None or (i[0] if isinstance(i, tuple) else i) == layer}
    if case.case.arrays[name].shape != np.squeeze(array).shape:
        return {}
    if layer is not None and layer in of_layer:
        return {layer: array.reshape(np.shape(of_layer[layer]))}
    steps = {i: i[-1] if isinstance(i, tuple) else i for i in of_layer}
    rows = np.squeeze(array)
    return {i: rows[t - 1].reshape(np.shape(of_layer[i])) for i, t in steps.items() if 1 <= t <= case.chain.tau}


def _rank(x: Explanation) -> tuple[int, int]:
    return len(x.mutants) + len(x.others), max((_RANK.get(m.kind, len(_RANK)) for m in x.mutants), default=0)


def _singles(chain: Chain, equations: Sequence[Equation]) -> Iterator[Explanation]:
    """One mistake: about the whole, or in an equation, the last of them first: they are nearest to the answer."""
    yield from whole(chain)
    for e in reversed(equations):
        yield from single(e)


def _seldom(equations: Sequence[Equation]) -> Iterator[Explanation]:
    """One mistake that is made in several equations at once, or at some steps only."""
    yield from at_once(tuple(equations))
    for e in reversed(equations):
        yield from at_some_steps(e)


def _fitting(some: Iterable[Explanation], cases: Sequence[Asked], mine: Sequence[Answer]) -> Iterator[Explanation]:
    for x in some:
        if all(c.agrees(x, m) for c, m in zip(cases, mine, strict=True)):
            yield x


def _of_form(base: Explanation, cases: Sequence[Asked], mine: Sequence[Answer]) -> list[Explanation]:
    """What was done to the results that other mistakes, or none, lead to; the same to each answer."""
    bare = [c.answers(base, m) for c, m in zip(cases, mine, strict=True)]
    if None in bare:
        return []
    for form in FORMS:
        made = [{n: form.made(a, c.case.sizes) for n, a in (b or {}).items()} for c, b in zip(cases, bare, strict=True)]
        if all(_all_same(m, f) for m, f in zip(mine, made, strict=True)):
            return [base.also(form.name, form.said)]
    return []


def _all_same(mine: Answer, theirs: Mapping[str, Any]) -> bool:
    return all(theirs[n] is not None and same(mine[n], theirs[n]) for n in mine)


def _of_parts(cases: Sequence[Asked], mine: Sequence[Answer]) -> list[Explanation]:
    """What relates an answer to the right one without being a rule for it."""
    right = [c.case.right(m) for c, m in zip(cases, mine, strict=True)]
    both = [(m[n], r[n]) for m, r in zip(mine, right, strict=True) for n in m]
    if all(unsummed(m, r) for m, r in both):
        return [Explanation().also("not summed", "The steps' parts are right, but they are not summed.")]
    if all(_across(c, n, m[n]) for c, m in zip(cases, mine, strict=True) for n in m):
        said = "It is summed over the wrong axis: over the entries of each step, where the steps are to be added."
        return [Explanation().also("wrong axis", said)]
    if all(clipped(m, r) or same(m, r) for m, r in both) and any(clipped(m, r) for m, r in both):
        return [Explanation().also("clipped", "It is right where it is small, and cut off beyond: it is clipped.")]
    factors = [proportional(m, r) for m, r in both]
    known = [f for f in factors if f is not None]
    if len(known) == len(factors):
        if np.ptp(known) <= 1e-6 * abs(known[0]):
            return [Explanation().also("scaled", f"It is {known[0]:.6g} times the right one.")]
        return [Explanation().also("scaled", "It points the right way, with another length on each problem.")]
    return []


def _across(case: Asked, name: str, mine: Array) -> bool:
    """Whether a vector that is a sum over the steps was summed over the entries of each step instead."""
    last = next((e for e in case.chain.equations if e.quantity == case.quantity[name]), None)
    if last is None or "steps(tau)" not in last.code or mine.shape != (case.chain.tau,):
        return False
    parts = [last.rewritten(last.code.replace("steps(tau)", f"[{t}]")).at(case.chain.known) for t in _steps(case)]
    off = np.abs(mine - [np.sum(p) for p in parts]).max()
    return bool(off <= AGREE * max(np.abs(p).max() for p in parts))


def _steps(case: Asked) -> range:
    return range(1, case.chain.tau + 1)


def _formed(cases: Sequence[Asked], mine: Sequence[Answer]) -> list[Explanation]:
    """One mistake in an equation, and something done to the result."""
    found: list[Explanation] = []
    first, answer = cases[0], mine[0]
    for x in _singles(first.chain, first.chain.equations):
        values = first.answers(x, answer)
        if values is not None and _perhaps(answer, values, first):
            found += _of_form(x, cases, mine)
    return sorted(found, key=_rank)[:3]


def _perhaps(mine: Answer, values: Mapping[str, Array], case: Asked) -> bool:
    """Whether some form of the values is the answer on one problem."""
    return any(_all_same(mine, {n: f.made(values[n], case.case.sizes) for n in mine}) for f in FORMS)
