"""The matrix products of a training step: the arithmetic that no implementation can do without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cli.lab.bench.workloads import GATES, Workload


@dataclass(frozen=True)
class Product:
    """`times` products (m, k) @ (k, n) of one kind; one of many times stands in a loop over time."""

    what: str
    m: int
    k: int
    n: int
    times: int = 1

    @property
    def flops(self) -> int:
        """A multiplication and an addition for each term."""
        return 2 * self.m * self.k * self.n * self.times


def products(workload: Workload) -> tuple[Product, ...]:
    """All of them, of the way forward and the way back.

    Left out is what need not be multiplied: the first layer's input, which is looked up in rows; the first step,
    whose state is zero, so that there are T − 1 recurrent products each way; and what would reach h⁽⁰⁾ or the ids,
    which nobody asks for.
    """
    return tuple(_products(workload)) if not workload.tokens else ()


def flops(workload: Workload) -> int:
    """The sum over all products."""
    return sum(p.flops for p in products(workload))


def _products(workload: Workload) -> Iterator[Product]:
    H, G, tokens = workload.hidden, GATES[workload.cell] * workload.hidden, workload.steps * workload.batch
    B, later = workload.batch, workload.steps - 1
    for layer in range(workload.layers):
        for _ in range(workload.directions):
            if layer:
                yield from _dense("input", tokens, H * workload.directions, G)
            yield Product("state", B, H, G, later)
            yield Product("state, back", B, G, H, later)
            if later:
                yield Product("state, weights", G, later * B, H)
    yield from _dense("head", tokens, H * workload.directions, workload.vocabulary)


def _dense(what: str, rows: int, inputs: int, outputs: int) -> Iterator[Product]:
    """y = x Wᵀ over all rows, and the cotangents of x and W."""
    yield Product(what, rows, inputs, outputs)
    yield Product(f"{what}, back", rows, outputs, inputs)
    yield Product(f"{what}, weights", outputs, rows, inputs)
