"""Write micrograd.json: what micrograd computes for the example of its README, and for the loss of a small network.

To make the file again: with micrograd 0.1.0 installed (`pip install micrograd`), run
`python tests/golden/make_micrograd.py`. Tests read the numbers and never need micrograd; they run `published` and
`network`, which are written for any engine, on our own.
"""

import json
import random
from itertools import pairwise
from pathlib import Path


def published(Value):
    """The example of micrograd's README: its leaves a and b, and its result."""
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return [a, b], g


def network(Value, points, sizes=(2, 16, 16, 1)):
    """The parameters of a network of relu neurons, and its loss as in micrograd's demonstration.

    The loss is the mean of (1 − yŷ)⁺ over the points, and 10⁻⁴ Σ p² over the parameters. Points are (x₁, x₂, y).
    """
    rng = random.Random(0)
    parameters = []
    outputs = [[Value(x) for x in point[:2]] for point in points]
    for width_in, width_out in pairwise(sizes):
        weights = [[Value(rng.uniform(-1, 1)) for _ in range(width_in)] for _ in range(width_out)]
        biases = [Value(0.0) for _ in range(width_out)]
        parameters += [*(w for row in weights for w in row), *biases]
        outputs = [layer(weights, biases, x, width_out > 1) for x in outputs]
    losses = [(1 + -y * score).relu() for (score,), (*_, y) in zip(outputs, points, strict=True)]
    return parameters, sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)


def layer(weights, biases, x, rectified):
    """relu(W x + b), or without relu."""
    sums = [sum((w * xi for w, xi in zip(row, x, strict=True)), b) for row, b in zip(weights, biases, strict=True)]
    return [s.relu() for s in sums] if rectified else sums


def spread(n, seed=1):
    """n points of the square from −1 to 1, of class 1 in a disc and −1 outside."""
    rng = random.Random(seed)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(n)]
    return [(x, y, 1.0 if x * x + y * y < 0.5 else -1.0) for x, y in points]


def results(leaves, output):
    """Numbers to compare."""
    output.backward()
    return {"output": output.data, "gradients": [leaf.grad for leaf in leaves]}


if __name__ == "__main__":
    from micrograd.engine import Value

    stored = {
        "made_with": "micrograd 0.1.0",
        "published": results(*published(Value)),
        "network": results(*network(Value, spread(5), (2, 4, 3, 1))),
    }
    Path(__file__).with_name("micrograd.json").write_text(json.dumps(stored), encoding="utf-8")
