"""From the nodes of a scalar graph to the steps that a kernel takes: runs of multiply-and-add become one step each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.graph import Array
from minigrad.scalar import OPS, add, mul

SUMS = len(OPS)  # the code of a step y = c + a₀b₀ + a₁b₁ + …


class Nodes(NamedTuple):
    """A graph in order: node i is `OPS[codes[i]]` of slots `left[i]` and `right[i]`; −1 where there is one argument."""

    codes: Array
    left: Array
    right: Array


class Program(NamedTuple):
    """The same in steps: step i has code `codes[i]` and slots `operands[starts[i]:starts[i+1]]`.

    These are the result, then a and b (a again where there is one argument), or for `SUMS` c a₀ b₀ a₁ b₁ …
    """

    codes: Array
    starts: Array
    operands: Array


def steps(nodes: Nodes, leaves: int) -> tuple[Program, int]:
    """The program, and the number of its slots; the last is the output. Parts of a sum have no slot."""
    begins, goes_on = _terms(nodes, leaves)
    node_codes, left, right = (array.tolist() for array in nodes)
    slots = [*range(leaves), *([-1] * len(node_codes))]
    codes: list[int] = []
    starts, operands = [0], [0][:0]
    made, i = leaves, 0
    while i < len(node_codes):
        if begins[i]:
            code, arguments = SUMS, [left[i + 1], left[i], right[i]]
            i += 2
            while goes_on[i]:
                arguments += left[i], right[i]
                i += 2
        else:
            code, arguments = node_codes[i], [left[i], left[i] if right[i] < 0 else right[i]]
            i += 1
        operands.append(made)
        operands += [slots[a] for a in arguments]
        slots[leaves + i - 1] = made
        made += 1
        codes.append(code)
        starts.append(len(operands))
    arrays: Any = np.array(codes, np.uint8), np.array(starts, np.uint32), np.array(operands, np.uint32)
    return Program(*arrays), made


def _terms(nodes: Nodes, leaves: int) -> tuple[list[bool], list[bool]]:
    """For each node: whether it is a product that only the next node needs, to add it; and whether, besides, that
    adds it to the node before, which nobody else needs. The first begins a sum, the second goes on with it.
    """
    codes, left, right = nodes
    slots = leaves + len(codes)
    here = np.arange(leaves, slots)
    once = (np.bincount(left, minlength=slots) + np.bincount(right[right >= 0], minlength=slots))[leaves:] == 1
    added = (codes == OPS.index(add))[1:] & (right[1:] == here[:-1])
    begins = (codes == OPS.index(mul))[:-1] & once[:-1] & added
    goes_on = begins[1:] & (left[2:] == here[:-2]) & once[:-2]
    return [*begins.tolist(), False, False], [False, *goes_on.tolist(), False, False]
