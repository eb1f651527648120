"""Write ops.json: torch's conv1d and einsum, their gradients and second derivatives, in float64.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_ops.py`.
`gradients` are those of ⟨r, result⟩ for the stored random r, `second` those of the sum of their squares. Tests read
the numbers and never need torch.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import conv1d, pad

CONVOLUTIONS = {
    "causal": ((2, 2, 5), (3, 2, 3), {"stride": 1, "dilation": 1, "padding": [2, 0]}),
    "strided": ((1, 3, 7), (2, 3, 2), {"stride": 2, "dilation": 1, "padding": [1, 1]}),
    "dilated": ((2, 1, 8), (2, 1, 3), {"stride": 1, "dilation": 3, "padding": [0, 0]}),
    "both": ((1, 2, 9), (1, 2, 2), {"stride": 3, "dilation": 2, "padding": [0, 3]}),
}
PRODUCTS = {
    "ij,jk->ik": [(2, 3), (3, 2)],
    "bij,bkj->bik": [(2, 2, 3), (2, 2, 3)],
    "i,ij,j->": [(2,), (2, 3), (3,)],
    "b,bi,bj->bij": [(2,), (2, 2), (2, 3)],
    "iij->j": [(2, 2, 3)],
    "...i,ij->...j": [(2, 2, 3), (3, 2)],
}


def case(name, op, function, inputs, arguments):
    """One function of random arrays."""
    xs = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in inputs]
    y = function(*xs)
    r = torch.randn_like(y)
    first = torch.autograd.grad(y, xs, r, create_graph=True)
    total = sum((g * g).sum() for g in first)
    second = torch.autograd.grad(total, xs, allow_unused=True, materialize_grads=True) if total.requires_grad else []
    second = second or [torch.zeros_like(x) for x in xs]
    found = {"inputs": xs, "gradients": first, "second": second}
    stored = {k: [t.tolist() for t in v] for k, v in found.items()}
    return {"name": name, "op": op, "arguments": arguments, "result": y.tolist(), "cotangent": r.tolist(), **stored}


def convolution(name):
    """The padding is torch's own, done before: conv1d there takes one number for both ends."""
    x, w, given = CONVOLUTIONS[name]

    def function(x, w):
        return conv1d(pad(x, given["padding"]), w, stride=given["stride"], dilation=given["dilation"])

    return case(name, "conv1d", function, (x, w), given)


def cases():
    yield from map(convolution, CONVOLUTIONS)
    for subscripts, inputs in PRODUCTS.items():
        yield case(
            subscripts, "einsum", lambda *xs, s=subscripts: torch.einsum(s, *xs), inputs, {"subscripts": subscripts}
        )


if __name__ == "__main__":
    torch.manual_seed(19)
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": list(cases())}
    Path(__file__).with_name("ops.json").write_text(json.dumps(stored), encoding="utf-8")
