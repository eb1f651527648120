"""What `detect_anomaly` is told of Values: ops by the names they have among the tensors' ops, and rules one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import Node, Observer
from minigrad.ops import TABLE


def tell_made(watching: Observer, y: Any) -> None:
    """The Value y was made; the line that made it is noted in its node."""
    y.node = _node(y)
    watching.applied(y.node.op, [p.data for p in y.parents], (np.asarray(y.data),), y.node)


def tell_rule(watching: Observer, y: Any) -> None:
    """The rule of y's op is about to give its parents what they get; not its fault where their data is not finite."""
    data = [p.data for p in y.parents]
    for g in np.atleast_1d(y.op.rule(y.grad, y.data, *data)):
        watching.pulled(y.node or _node(y), [y.grad, *data], g)


def _node(y: Any) -> Node:
    node = Node()
    node.op, node.notes = TABLE[y.op.name], None
    return node
