"""A file that is handed in: run, compared, and each function's answer explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cli.lab.check.cases import Case, asked
from cli.lab.check.diagnosis import explain, explain_parts
from cli.lab.check.exercise import Exercise
from cli.lab.check.explanations import Explanation
from cli.lab.check.faults import fault, fault_of_whole
from cli.lab.check.forms import AGREE, Array, same
from cli.lab.check.names import aliases, spellings
from cli.lab.check.runner import Found, Outcome, run
from cli.lab.errors import LabError
from minigrad import relative_error

Status = Literal["right", "wrong", "failed", "missing"]
WHOLE = "backward"


@dataclass(frozen=True)
class Finding:
    """What became of one quantity that was asked for.

    `said` are sentences about what can be seen without explaining it; `explanations` what leads to the same numbers.
    `error` is the largest relative one; `steps` says of each step of the first problem whether it is right, where the
    quantity has steps. `equations` lead to it.
    """

    name: str
    status: Status
    said: tuple[str, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    error: float = 0.0
    steps: tuple[bool, ...] = ()
    equations: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandIn:
    """All findings about a file, in the exercise's order, what else is to be said, and what the file printed."""

    exercise: Exercise
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    printed: str

    @property
    def ok(self) -> bool:
        """All that is asked for is right."""
        return all(f.status == "right" for f in self.findings)

    @property
    def right(self) -> int:
        """How many parts are right."""
        return sum(f.status == "right" for f in self.findings)

    @property
    def first(self) -> Finding | None:
        """What to mend first: what is wrong or fails, before what is missing."""
        wrong = [f for f in self.findings if f.status in ("wrong", "failed")]
        return next((f for f in (*wrong, *self.findings) if f.status != "right"), None)


def check(path: Path, e: Exercise, cases: Sequence[Case] = (), *, seed: int = 0, seconds: float = 10) -> HandIn:
    """Run a file on problems, random ones where none are given, and explain its answers.

    LabError where it cannot be run as a whole.
    """
    cases = cases or e.cases(seed)
    answers = run(path, _wanted(e, cases[0]), [c.given for c in cases], seconds=seconds)
    if not answers.found:
        raise LabError(*_no_function(path, e, answers.functions))
    whole = WHOLE in answers.found
    if whole and any(name in answers.found for name in e.asks):
        raise LabError(f"it has {WHOLE} and functions of single gradients", str(path), "keep one or the other")
    findings = _of_whole(e, cases, answers.found[WHOLE]) if whole else _of_functions(e, cases, answers.found)
    return HandIn(e, tuple(findings), tuple(_notes(e, answers.found)), answers.printed)


def _wanted(e: Exercise, case: Case) -> dict[str, dict[str, Any]]:
    names = list(case.given)
    others = aliases(names)
    wanted = {}
    for function in e.asks:
        known = [n for n in names if n != function]  # the answer itself is not given
        wanted[function] = {
            "names": [function, *spellings(function, e.asks)], "known": known, "aliases": others,
            "arguments": list(e.arguments(function)),
        }  # fmt: skip
    if e.whole:
        forwards = [n for n in names if not n.startswith("grad_")]
        wanted[WHOLE] = {"names": [WHOLE], "known": forwards, "aliases": others, "arguments": []}
    return wanted


def _no_function(path: Path, e: Exercise, defined: Sequence[str]) -> tuple[str, str, str]:
    has = f"it has {', '.join(defined)}" if defined else "it defines no function"
    also = f", or {WHOLE}" if e.whole else ""
    return f"none of the functions of {e.name} is there: {has}", str(path), f"name them {', '.join(e.asks)}{also}"


def _notes(e: Exercise, found: Mapping[str, Found]) -> list[str]:
    return [
        f"{f.called} asks for names unknown here: they were taken in the order {', '.join(e.arguments(name))}"
        for name, f in found.items()
        if f.by_position
    ]


def _of_functions(e: Exercise, cases: Sequence[Case], found: Mapping[str, Found]) -> list[Finding]:
    findings = []
    for name, ids in e.asks.items():
        if name not in found:
            findings.append(Finding(name, "missing", equations=ids))
            continue
        findings.append(_of_function(name, ids, cases, found[name]))
    return findings


def _of_function(name: str, ids: tuple[str, ...], cases: Sequence[Case], found: Found) -> Finding:
    if found.empty:
        return Finding(name, "missing", equations=ids)
    if why := fault(found, cases):
        return Finding(name, "failed", (why,), equations=ids)
    mine = [{name: o.value} for o in found.outcomes[: len(cases)]]
    return _unchanged(_compared(name, ids, cases, mine), found)


def _of_whole(e: Exercise, cases: Sequence[Case], found: Found) -> list[Finding]:
    """The parts of what `backward` gives: right or wrong together, since a mistake runs on from one to the next."""
    names = list(e.parameters)
    if found.empty:
        return [Finding(WHOLE, "missing", equations=e.whole)]
    if why := fault_of_whole(found, cases):
        return [Finding(WHOLE, "failed", (why,), equations=e.whole)]
    mine = [_parts(o.value, cases[0]) for o in found.outcomes[: len(cases)]]
    given = [n for n in dict.fromkeys((*names, *mine[0])) if all(n in m for m in mine)]
    if not given:
        keys = ", ".join(found.outcomes[0].value) or "nothing"
        return [
            Finding(WHOLE, "failed", (f"Its dict has {keys}; it is to have {', '.join(names)}.",), equations=e.whole)
        ]
    findings = {n: Finding(n, "missing", ("It is not in the dict.",), equations=e.whole) for n in names}
    pairs = {n: [(m[n], c.right([n])[n]) for m, c in zip(mine, cases, strict=True)] for n in given}
    wrong = [n for n in given if not all(same(*pair) for pair in pairs[n])]
    findings |= {n: Finding(n, "right", error=_error(pairs[n]), equations=e.whole) for n in given if n not in wrong}
    findings |= _together(e, cases, mine, given, wrong, pairs)
    ordered = [findings[n] for n in dict.fromkeys((*names, *given))]
    return [_unchanged(ordered[0], found), *ordered[1:]]


def _together(
    e: Exercise, cases: Sequence[Case], mine: Sequence[Mapping[str, Array]], given: Sequence[str],
    wrong: Sequence[str], pairs: Mapping[str, Sequence[tuple[Array, Array]]],
) -> dict[str, Finding]:  # fmt: skip
    """One explanation for all that is wrong, which leaves right what is; else one for each."""
    if not wrong:
        return {}
    chains = [asked(c, e.whole) for c in cases]
    found = explain_parts(chains, [{n: m[n] for n in given} for m in mine], wrong)
    return {n: _wrong(n, e.whole, pairs[n], found[n], cases[0].sizes["T"]) for n in wrong}


def _parts(value: Mapping[str, Outcome], case: Case) -> dict[str, Array]:
    """The arrays of a dict under the names of gradients: W, dW and grad_W are ∇W."""
    gradients = [n for n in case.arrays if n.startswith("grad_")]
    others = aliases(gradients)
    bare = {n.removeprefix("grad_"): n for n in gradients}
    letters = {other: bare[n] for n in bare for other in spellings(n, list(case.arrays))}
    known = {**letters, **bare, **others, **{n: n for n in gradients}}
    return {known[k]: o.value for k, o in value.items() if k in known and o.kind == "value"}


def _unchanged(finding: Finding, found: Found) -> Finding:
    """What else is wrong even with right numbers: changed arguments."""
    changed = next((o for o in found.outcomes if o.kind == "changed"), None)
    if changed is None:
        return finding
    name = changed.why.split(",")[0]
    said = (*finding.said, f"It changes what it is given, {changed.why}: work on a copy ({name}.copy()).")
    return replace(finding, status="wrong", said=said)


def _compared(name: str, ids: tuple[str, ...], cases: Sequence[Case], mine: Sequence[Mapping[str, Array]]) -> Finding:
    """Right or wrong, and why, for answers that come from right values."""
    pairs = [(m[name], c.right([name])[name]) for m, c in zip(mine, cases, strict=True)]
    if all(same(*pair) for pair in pairs):
        return Finding(name, "right", error=_error(pairs), equations=ids)
    found = explain([asked(c, ids) for c in cases], mine)
    return _wrong(name, ids, pairs, found, cases[0].sizes["T"])


def _wrong(
    name: str, ids: tuple[str, ...], pairs: Sequence[tuple[Array, Array]], found: tuple[Explanation, ...], steps: int
) -> Finding:
    said = [] if found else _seen(*pairs[0])
    return Finding(name, "wrong", tuple(said), found, _error(pairs), _steps(*pairs[0], steps), ids)


def _error(pairs: Sequence[tuple[Array, Array]]) -> float:
    return max(
        relative_error(a, b) if np.shape(a) == np.shape(b) else (0.0 if same(a, b) else np.inf) for a, b in pairs
    )


def _steps(mine: Array, right: Array, steps: int) -> tuple[bool, ...]:
    if mine.shape != right.shape or mine.ndim < 2 or len(mine) != steps:  # no other size is that of time
        return ()
    most = np.abs(right).max()
    return tuple(bool(np.abs(m - r).max() <= AGREE * most) for m, r in zip(mine, right, strict=True))


def _seen(mine: Array, right: Array) -> list[str]:
    """What can be seen of a wrong answer that nothing explains."""
    if np.squeeze(mine).shape != np.squeeze(right).shape:
        return [f"Its shape is {mine.shape}; it is to be {right.shape}."]
    near = np.abs(np.squeeze(mine) - np.squeeze(right)) <= AGREE * max(np.abs(right).max(), 1e-300)
    share = f"{int(near.sum())} of {near.size} entries are right." if near.any() else ""
    return [s for s in (share, "It is none of the mistakes that are known here.") if s]


def rows(path: Path, found: HandIn) -> Iterator[dict[str, Any]]:
    """A row for each part of a hand-in."""
    for f in found.findings:
        yield {
            "file": str(path), "exercise": found.exercise.name, "part": f.name, "status": f.status,
            "error": f.error if np.isfinite(f.error) else None, "steps": list(f.steps) or None,
            "said": " ".join(f.said) or None, "mistakes": [x.name for x in f.explanations],
            "explained": f.explanations[0].said if f.explanations else None,
        }  # fmt: skip
