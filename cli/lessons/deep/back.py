"""The page on going back: a state has two ways into the loss, through time and through the layer above."""

from __future__ import annotations

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Steps, Table, Witnesses, at_least, at_most
from cli.lessons.deep.networks import TINY, at, tiny
from minigrad import relative_error
from rnn.formulas import REGISTRY, find
from rnn.formulas.worked import work
from rnn.verify import check, drawn, engine_values


@experiment(**TINY)
def two_ways(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """∇h of the lowest layer at the first step, worked, and according to three witnesses."""
    problem = tiny(hidden, steps, layers, seed)
    known, place = engine_values(problem), (1, 1)
    mine = REGISTRY["DEEP-9"].at(known, l=1, t=1)
    engine, moved = (way("grad_h")[place] for way in (problem.graph.value, problem.graph.difference))
    through_time = known["W"][1].T @ known["grad_a"][1, 2]
    through_above = known["U"][2].T @ known["grad_a"][2, 1]
    rows = (("formula", mine, None), ("autograd", engine, relative_error(mine, engine)),
            ("differences", moved, relative_error(mine, moved)))  # fmt: skip
    return Result(
        (Steps((work(REGISTRY["DEEP-9"], known, l=1, t=1),)), Witnesses(f"∇h{at(*place)}", rows)),
        (
            at_most("∇h⁽¹,¹⁾ by equation equals autograd", relative_error(mine, engine), 1e-10),
            at_most("∇h⁽¹,¹⁾ by equation equals differences", relative_error(mine, moved), 1e-6),
            at_least("without the way through time it is off by", relative_error(through_above, engine), 1e-6),
            at_least("without the way through the layer above, by", relative_error(through_time, engine), 1e-6),
        ),
    )


@experiment(problems=between(1, 8, full=8))
def every_equation(problems: int = 2, *, seed: int) -> Result:
    """All equations of the family on random networks of two layers and of three."""
    checks = check(find("deep"), drawn("deep", problems, seed))
    columns: tuple[Column, ...] = (
        ("eq.", "text"), ("gives", "text"), ("autograd", "error"), ("differences", "error"), ("fused", "error"),
    )  # fmt: skip
    rows = tuple((c.equation.id, c.equation.gives, c.engine, c.differences, c.fused) for c in checks)
    named = {"engine": "autograd", "differences": "central differences", "fused": "the compiled layers"}
    bounds = {"engine": 1e-10, "differences": 1e-6, "fused": 1e-10}
    worst = {w: max(error for c in checks if (error := vars(c)[w]) is not None) for w in named}
    return Result(
        (Table(columns, rows, f"worst of {problems} random networks"),),
        (
            *(at_most(f"every equation equals {name}", worst[w], bounds[w]) for w, name in named.items()),
            at_most("chained from parameters to gradients they still do", max(c.chain for c in checks), 1e-10),
        ),
    )
