"""Write losses.json: torch's softmax, log_softmax, logsumexp cross_entropy and their gradients, in float64.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_losses.py`.
Each gradient is that of ⟨r, result⟩ for the stored random r. Tests read the numbers and never need torch.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy


def case(op, function, x, **arguments):
    """One op on one array: the result, and the gradient for a random cotangent."""
    x = x.clone().requires_grad_()
    y = function(x)
    r = torch.randn_like(y)
    (r * y).sum().backward()
    stored = {"x": x, "result": y, "cotangent": r, "gradient": x.grad}
    return {"op": op, "arguments": arguments, **{k: v.tolist() for k, v in stored.items()}}


def cases():
    """Each op along each axis, on scores of ordinary size and on scores where exp would overflow."""
    small = torch.randn(2, 3, 2, dtype=torch.float64)
    large = torch.tensor([[900.0, 898.5, -40.0], [-1000.0, -1001.0, -999.5]], dtype=torch.float64)
    for x in (small, large):
        for axis in range(x.ndim):
            yield case("softmax", lambda x, a=axis: x.softmax(a), x, axis=axis)
            yield case("log_softmax", lambda x, a=axis: x.log_softmax(a), x, axis=axis)
            yield case("logsumexp", lambda x, a=axis: x.logsumexp(a), x, axis=axis)
    yield case("logsumexp", lambda x: x.logsumexp((0, 2), keepdim=True), small, axis=[0, 2], keepdims=True)
    for ids, x in (([2, 0], large), ([1, 3, 3], torch.randn(3, 4, dtype=torch.float64))):
        yield case("cross_entropy", lambda x, i=ids: cross_entropy(x, torch.tensor(i)), x, ids=ids)
    ids = [[0, 1], [2, 2], [1, 0]]
    scores = torch.randn(3, 2, 3, dtype=torch.float64)
    yield case("cross_entropy", lambda x: cross_entropy(x.reshape(6, 3), torch.tensor(ids).ravel()), scores, ids=ids)


if __name__ == "__main__":
    torch.manual_seed(17)
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": list(cases())}
    Path(__file__).with_name("losses.json").write_text(json.dumps(stored), encoding="utf-8")
