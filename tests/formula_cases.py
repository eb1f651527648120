"""What tests of equations have in common: a family of which one equation has a slip, and sizes of problems."""

import ast

import numpy as np

from rnn.formulas import REGISTRY, find
from rnn.verify import check


def slipped(id, right, wrong):
    """The equation with a piece of what its function does changed."""
    e = REGISTRY[id]
    lines = e.code.splitlines(keepends=True)
    begin = ast.parse(e.code).body[0].body[0].lineno - 1
    head, body = "".join(lines[:begin]), "".join(lines[begin:])
    assert right in body
    return e.rewritten(head + body.replace(right, wrong))


def check_is_one_failure(slip, problems):
    """Of its family the equation with a slip fails, and no other; its check."""
    checks = check([slip if e.id == slip.id else e for e in find(slip.family)], problems)
    assert [c.equation.id for c in checks if not c.ok] == [slip.id]
    return next(c for c in checks if c.equation is slip)


def unlike_sizes(seed, longest):
    """Sizes that differ from each other, or a matrix would fit where its transpose belongs; 3 to `longest` steps."""
    rng = np.random.default_rng(seed)
    inputs, hidden, vocabulary = map(int, rng.permutation(np.arange(2, 6))[:3])
    return {"steps": int(rng.integers(3, longest + 1)), "inputs": inputs, "hidden": hidden, "vocabulary": vocabulary}
