"""`rnn-lab verify`: which equations, what is planted in them, and each result as a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cli.lab.errors import LabError
from rnn import mutation
from rnn.formulas import REGISTRY, Equation, find
from rnn.mutation import Outcome, Survey
from rnn.verify import Check, each


@dataclass(frozen=True)
class Planted:
    """All mutants of some equations, each tried alone."""

    surveys: tuple[Survey, ...]
    problems: int

    @property
    def counted(self) -> list[Outcome]:
        """All but those that are equal in value."""
        return [o for s in self.surveys for o in s.counted]

    @property
    def caught(self) -> int:
        """How many were noticed."""
        return sum(o.caught for o in self.counted)

    @property
    def escaped(self) -> list[Outcome]:
        """Those that were not."""
        return [o for o in self.counted if o.escaped]

    @property
    def equal(self) -> dict[str, list[Outcome]]:
        """Those that are equal in value, by their reason."""
        found: dict[str, list[Outcome]] = {}
        for o in (o for s in self.surveys for o in s.outcomes if o.equal):
            found.setdefault(o.reason, []).append(o)
        return found

    @property
    def failing(self) -> list[str]:
        """The equations that do not hold by themselves, so that nothing follows from their mutants."""
        return [s.equation.id for s in self.surveys if not s.holds]

    @property
    def fewest(self) -> int | None:
        """The least number of mutants of an equation of the way back."""
        return min((len(s.counted) for s in self.surveys if s.backward), default=None)

    @property
    def ok(self) -> bool:
        """Each equation holds, and no mutant escaped."""
        return all(s.ok for s in self.surveys)


def chosen(query: str | None) -> list[Equation]:
    """The equations of an id, a family or a prefix; an unknown one is answered with the nearest."""
    equations = find(query)
    if not equations:
        raise LabError(f"no equation {query!r}", "verify", _remedy(str(query)))
    return equations


def _remedy(query: str) -> str:
    ids = list(REGISTRY)
    prefixes = [i.rpartition("-")[0] for i in ids if "-" in i]
    known = {name.lower(): name for name in (*prefixes, *ids, *(e.family for e in REGISTRY.values()))}
    close = get_close_matches(query.lower(), known, n=1, cutoff=0.5)
    return f"did you mean {known[close[0]]}?" if close else "rnn-lab verify lists them"


def checked(query: str | None, *, problems: int, seeds: Sequence[int]) -> tuple[int, Iterator[list[Check]]]:
    """The checks as they come, those of one family and seed together, and how many times they will come."""
    return len({e.family for e in chosen(query)}) * len(seeds), each(query, problems=problems, seeds=seeds)


def mutated(query: str | None, *, problems: int, seed: int) -> tuple[int, Iterator[Survey]]:
    """The surveys as they come, one for each equation, and how many they will be."""
    equations = [e for e in chosen(query) if not e.expected_to_fail]
    if not equations:
        raise LabError(f"{query} is printed wrong", "verify --mutate", "mistakes are planted in what is right")
    return len(equations), mutation.survey(equations, problems=problems, seed=seed)


def row(check: Check) -> dict[str, Any]:
    """A check under the names that programs read."""
    e = check.equation
    return {
        "equation": e.id, "family": e.family, "title": e.title, "source": e.source,
        "engine": check.engine, "differences": check.differences, "fused": check.fused, "chain": check.chain,
        "holds": check.holds, "expected_to_fail": e.expected_to_fail, "ok": check.ok,
    }  # fmt: skip


def rows(planted: Planted) -> Iterable[dict[str, Any]]:
    """A row for each mutant, and last what they come to."""
    for o in (o for s in planted.surveys for o in s.outcomes):
        m = o.mutant
        yield {
            "mutant": m.name, "equation": m.original.id, "family": m.original.family, "kind": m.kind, "was": m.was,
            "now": m.now, "description": m.description, "text": m.equation.text, "caught": o.caught,
            "noticed": o.noticed or None, "error": o.error, "equal": o.equal, "reason": o.reason or None,
        }  # fmt: skip
    yield {
        "caught": planted.caught, "of": len(planted.counted), "equal": sum(map(len, planted.equal.values())),
        "escaped": [o.mutant.name for o in planted.escaped], "failing": planted.failing, "ok": planted.ok,
    }  # fmt: skip
