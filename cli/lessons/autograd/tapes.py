"""The pages on the tape: a graph as a list of instructions."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_most
from cli.lessons.autograd.expression import SMALL, neuron, subscript, tiny, title
from minigrad import Tape, compile
from minigrad.graph import Array
from minigrad.scalar import OPS, history


@experiment(**SMALL, batch=between(8, 512))
def instructions(steps: int = 2, batch: int = 64, *, seed: int) -> Result:
    """The small graph as a tape, and both on numbers that it has not seen."""
    shown = tiny(steps, seed)
    tape = compile(shown.loss, shown.inputs)
    rng = np.random.default_rng(seed)
    rows = np.round(rng.uniform(-1, 1, (batch, len(shown.inputs))), 2)
    outputs, gradients = tape(rows)
    by_values = np.array([_by_values(row, steps) for row in rows])
    by_tape = np.column_stack([outputs, gradients])
    alone = np.array([np.hstack(tape(row)) for row in rows])
    again = tape.rebuild(rows[0])
    return Result(
        (_listing(tape, list(shown.names)[: len(shown.inputs)], [title(y, shown.names) for y in history(shown.loss)]),),
        (
            at_most(f"numbers that differ from Value's in any bit, of {by_tape.size}", unlike(by_tape, by_values), 0),
            at_most("in a batch or one by one: numbers that differ", unlike(by_tape, alone), 0),
            at_most("instructions less ops of the graph", abs(len(tape) - len(history(shown.loss))), 0),
            at_most("rebuilt from the tape, the graph gives the same L; off by", abs(again.data - outputs[0]), 0),
        ),
    )


def unlike(a: Array, b: Array) -> int:
    """How many numbers have other bits."""
    return int(np.sum(np.ascontiguousarray(a).view(np.int64) != np.ascontiguousarray(b).view(np.int64)))


def _by_values(row: Array, steps: int) -> list[float]:
    made = neuron(row.tolist(), steps)
    made.loss.backward()
    return [made.loss.data, *(x.grad for x in made.inputs)]


def _listing(tape: Tape, names: list[str], ops: list[str]) -> Table:
    """What each slot holds, and for a computed one what it is computed from."""
    slots = [*names, *(f"{x:g}" for x in tape.constants)]
    first = len(slots)
    codes, left, right = (column.tolist() for column in tape.nodes)
    rows = [(f"s{subscript(k)}", name, "") for k, name in enumerate(slots)]
    for k, (code, *operands) in enumerate(zip(codes, left, right, strict=True)):
        reads = ", ".join(f"s{subscript(operand)}" for operand in operands if operand >= 0)
        rows.append((f"s{subscript(first + k)}", ops[k], f"{OPS[code].name} of {reads}"))
    columns: tuple[Column, ...] = (("slot", "text"), ("holds", "text"), ("computed as", "text"))
    return Table(columns, tuple(rows))
