"""Mistakes that are not in one equation: about what is given, about the loop, or made in several equations at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from cli.lab.check.chain import Chain, Padded
from cli.lab.check.explanations import Change, Explanation, other
from cli.lab.check.slips import slips
from rnn.formulas import Equation
from rnn.formulas.notation import superscript, symbol
from rnn.formulas.registry import Values
from rnn.mutation import Mutant, mutants

Equations = tuple[Equation, ...]


def whole(chain: Chain) -> Iterator[Explanation]:
    """Mistakes about what is given and about the loop."""
    for name, series in chain.start.items():
        if not isinstance(series, dict):
            continue
        yield from _of_first(name, chain)
        if chain.given(name, chain.tau + 1) and np.any(series[chain.tau + 1]):
            yield _of_last(name)
        if chain.given(name, 1) and isinstance(series[1], int) and "y_hat" in chain.known:
            yield from (_of_classes(name, by) for by in (-1, 1))
    yield from _of_loops(chain.equations)


@cache
def _of_loops(equations: Equations) -> tuple[Explanation, ...]:
    """Those that are in the equations alone, whatever the problem."""
    return (*_turned(equations), *_complements(equations), *_exchanged(equations))


def _of_first(name: str, chain: Chain) -> Iterator[Explanation]:
    if not _firsts(chain, name):
        return
    there = symbol(name) + superscript(0)
    forgotten = f"{there}, which is given, is taken to be zero."
    yield _given(
        f"{name} begins at zero",
        forgotten,
        lambda c: _with(c, name, {i: 0 * c.start[name][i] for i in _firsts(c, name)}),
    )
    if chain.given(name, 1):
        wraps = f"At t = 1 the last state stands where {there} belongs: in Python {name}[t - 1] is {name}[-1] there."
        yield _given(f"{name} wraps round", wraps, lambda c: _with(c, name, {0: c.start[name][c.tau]}))


def _firsts(chain: Chain, name: str) -> list[Any]:
    """The indices of first states: 0, or (l, 0) for each layer."""
    return [i for i in chain.start[name] if (i[-1] if isinstance(i, tuple) else i) == 0]


def _of_last(name: str) -> Explanation:
    said = f"{symbol(name)}⁽τ⁺¹⁾, which is given, is taken to be zero."
    return _given(f"{name} ends at zero", said, lambda c: _with(c, name, {c.tau + 1: 0 * c.start[name][c.tau + 1]}))


def _of_classes(name: str, by: int) -> Explanation:
    said = f"The classes in {name} are counted from 0; here {name} {'+' if by > 0 else '−'} 1 stands for {name}."
    return _given(f"{name} off by one", said, lambda c: _moved(c, name, by))


def _given(name: str, said: str, taken: Change) -> Explanation:
    return Explanation(others=((name, said),), taken=taken)


def _with(chain: Chain, name: str, other: Mapping[Any, Any]) -> Values:
    series = Padded({**chain.start[name], **other})
    series.like = chain.start[name].like
    return {name: series}


def _moved(chain: Chain, name: str, by: int) -> Values:
    classes = len(chain.known["y_hat"][1])
    return {name: Padded({t: (y + by) % classes for t, y in chain.start[name].items()})}


def _turned(equations: Equations) -> Iterator[Explanation]:
    """A loop in the wrong direction: what comes from t + 1 taken from t − 1, or the reverse."""
    later = {e.id: e.rewritten(e.code.replace("t + 1]", "t - 1]")) for e in equations if _reads(e, "t+1")}
    before = {e.id: e.rewritten(e.code.replace("t - 1]", "t + 1]")) for e in equations if _reads(e, "t-1")}
    said = "The loop runs in the wrong direction: what comes from {} is taken from {}."
    if later:
        yield other("forwards", said.format("t + 1", "t − 1"), later, turned=True)
    if before:
        yield other("backwards", said.format("t − 1", "t + 1"), before, turned=True)


def _reads(e: Equation, index: str) -> bool:
    """Whether a step of a gradient is computed from that of another step."""
    return "t" in e.over and any(t.index == index and t.symbol.startswith("∇") for t in e.reads)


def _complements(equations: Equations) -> Iterator[Explanation]:
    """A gate and what is left of it exchanged in every equation: the other convention of some books."""
    for gate in ("z", "f", "i"):
        changed = {e.id: e.rewritten(_complemented(e.code, gate)) for e in equations if gate in e.arguments}
        if len(changed) > 1:
            said = f"Everywhere 1 − {gate} stands for {gate}, and {gate} for 1 − {gate}: some books have them so."
            yield other(f"1 − {gate}", said, changed)


def _complemented(code: str, gate: str) -> str:
    return re.sub(rf"\b{gate}\[([^\]]+)\]", rf"(1 - {gate}[\1])", code)


def _exchanged(equations: Equations) -> Iterator[Explanation]:
    """Two gradients of the same kind exchanged: ∇i by the formula for ∇g, and the reverse."""
    some = [e for e in equations if e.over == "t = τ … 1" and e.given.index == "t"]
    for one, two in combinations(some, 2):
        pair = symbol(one.quantity), symbol(two.quantity)
        if len(one.arguments) == len(two.arguments) <= 3 and one.code.count("[") == two.code.count("["):
            said = f"{pair[0]} and {pair[1]} are exchanged: each is computed as the other should be."
            yield other(f"{one.id} for {two.id}", said, {one.id: _given_by(one, two), two.id: _given_by(two, one)})


def _given_by(e: Equation, other: Equation) -> Equation:
    return replace(e, function=other.function, arguments=other.arguments, written=other.code)


@cache
def at_once(equations: Equations) -> tuple[Explanation, ...]:
    """The same mistake in every equation that has the piece: a slope that several share, or a recursion's last step."""
    shared: dict[tuple[str, ...], dict[str, Mutant]] = {}
    for m in (m for e in equations for m in mutants(e)):
        for key in {_key(m, shifted=False), _key(m, shifted=m.kind not in ("index", "quantity", "gate"))}:
            shared.setdefault(key, {}).setdefault(m.original.id, m)
    groups = {
        tuple(m.name for m in found.values()): tuple(found.values()) for found in shared.values() if len(found) > 1
    }
    slipped: dict[tuple[str, str], dict[str, Equation]] = {}
    for e in equations:
        for name, said, x in slips(e):
            slipped.setdefault((name, said), {})[e.id] = x
    some = [other(name, said, found) for (name, said), found in slipped.items() if len(found) > 1]
    return (*(Explanation(found, alike=True) for found in groups.values()), *some)


def _key(m: Mutant, *, shifted: bool) -> tuple[str, ...]:
    """What a mistake is, whichever equation it is in: a first state's is at t = 0; `shifted`, whatever the step."""
    zero = m.original.given.index.endswith("0")

    def plain(code: str) -> str:
        code = re.sub(r"\b(\d)\]", r"t + \1]", code).replace("t + 0]", "t]") if zero else code
        return re.sub(r"t [-+] 1\]", "t]", code) if shifted else code

    return m.kind, plain(m.was), plain(m.now), str(shifted)
