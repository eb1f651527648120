"""Write modules.json: torch's Linear, Conv1d and LayerNorm, with their gradients, in float64.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_modules.py`.
Each gradient is that of ⟨r, output⟩ for the stored random r. torch has no uneven padding, so the input is padded
first where a case needs it. Tests read the numbers and never need torch.
"""

import json
from pathlib import Path

import torch

# (layer, arguments, shape of the input); sizes differ so that no transposed array fits by chance.
CASES = {
    "linear": ("Linear", {"in_features": 3, "out_features": 2}, (4, 5, 3)),
    "conv": ("Conv1d", {"in_channels": 3, "out_channels": 2, "kernel_size": 4}, (2, 3, 7)),
    "conv, stride": ("Conv1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 2, "stride": 3}, (4, 2, 9)),
    "conv, dilation and padding": (
        "Conv1d", {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "dilation": 2, "padding": 3}, (2, 1, 5),
    ),
    "conv, causal": (
        "Conv1d", {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "dilation": 2, "padding": [4, 0]}, (3, 2, 6),
    ),
    "conv, all options": (
        "Conv1d",
        {"in_channels": 2, "out_channels": 5, "kernel_size": 3, "stride": 2, "dilation": 2, "padding": [1, 2],
         "bias": False},
        (3, 2, 8),
    ),
    "conv, one sequence": ("Conv1d", {"in_channels": 3, "out_channels": 4, "kernel_size": 2, "padding": 1}, (3, 5)),
    "norm": ("LayerNorm", {"normalized_shape": 5}, (3, 2, 5)),
    "norm, two axes": ("LayerNorm", {"normalized_shape": [2, 4], "eps": 0.1}, (3, 2, 4)),
    "norm, no bias": ("LayerNorm", {"normalized_shape": [3], "bias": False}, (4, 3)),
    "norm, no parameters": ("LayerNorm", {"normalized_shape": 4, "elementwise_affine": False}, (2, 4)),
}  # fmt: skip


def case(kind, arguments, shape):
    """One layer with random parameters: what goes in, what comes out, and the gradient of all that went in."""
    padding = arguments.get("padding", 0)
    uneven = isinstance(padding, list)
    layer = getattr(torch.nn, kind)(**arguments | ({"padding": 0} if uneven else {}), dtype=torch.float64)
    for p in layer.parameters():
        torch.nn.init.normal_(p)
    x = (3 * torch.randn(*shape, dtype=torch.float64) + 1).requires_grad_()
    y = layer(torch.nn.functional.pad(x, padding) if uneven else x)
    r = torch.randn_like(y)
    (r * y).sum().backward()
    leaves = {**dict(layer.named_parameters()), "x": x}
    return {
        "layer": kind,
        "arguments": arguments,
        "inputs": {name: leaf.tolist() for name, leaf in leaves.items()},
        "output": y.tolist(),
        "cotangent": r.tolist(),
        "gradients": {name: leaf.grad.tolist() for name, leaf in leaves.items()},
    }


if __name__ == "__main__":
    torch.manual_seed(31)
    cases = {name: case(*given) for name, given in CASES.items()}
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": cases}
    Path(__file__).with_name("modules.json").write_text(json.dumps(stored), encoding="utf-8")
