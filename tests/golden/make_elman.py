"""Write elman.json: torch.nn.RNN's outputs, states and gradients, in float64, on small random sequences.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_elman.py`.
The loss is ⟨r, output⟩ + ⟨s, final state⟩ for random r and s, stored beside the inputs.
Tests read the numbers and never need torch.
"""

import json
from pathlib import Path

import torch

# Sizes differ so that no transposed array fits by chance; nine units are more than one block of the kernel's.
CASES = {
    "batched": {"T": 4, "B": 2, "I": 3, "H": 5},
    "no initial state": {"T": 3, "B": 2, "I": 2, "H": 4, "state": False},
    "batch first": {"T": 4, "B": 3, "I": 2, "H": 3, "batch_first": True},
    "unbatched": {"T": 5, "I": 3, "H": 2},
    "no bias": {"T": 3, "B": 2, "I": 2, "H": 4, "bias": False},
    "one step": {"T": 1, "B": 2, "I": 3, "H": 4},
    "one step, unbatched, no bias": {"T": 1, "I": 2, "H": 3, "bias": False},
    "nine units": {"T": 3, "B": 1, "I": 2, "H": 9},
}


def case(T, I, H, B=None, bias=True, batch_first=False, state=True):  # noqa: E741  # I is the input size everywhere
    """One configuration: what goes in, what comes out, and the gradient of everything that went in."""
    layer = torch.nn.RNN(I, H, bias=bias, batch_first=batch_first, dtype=torch.float64)
    lead = (T,) if B is None else (B, T) if batch_first else (T, B)
    x = torch.randn(*lead, I, dtype=torch.float64, requires_grad=True)
    h0 = torch.randn(*((1, H) if B is None else (1, B, H)), dtype=torch.float64, requires_grad=True)
    output, last = layer(x, h0) if state else layer(x)
    r, s = torch.randn_like(output), torch.randn_like(last)
    ((r * output).sum() + (s * last).sum()).backward()
    leaves = {**dict(layer.named_parameters()), "x": x, **({"h0": h0} if state else {})}
    return {
        "sizes": {"input_size": I, "hidden_size": H, "bias": bias, "batch_first": batch_first},
        "inputs": {name: leaf.tolist() for name, leaf in leaves.items()},
        "output": output.tolist(),
        "state": last.tolist(),
        "cotangents": {"output": r.tolist(), "state": s.tolist()},
        "gradients": {name: leaf.grad.tolist() for name, leaf in leaves.items()},
    }


if __name__ == "__main__":
    torch.manual_seed(20)
    cases = {name: case(**sizes) for name, sizes in CASES.items()}
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": cases}
    Path(__file__).with_name("elman.json").write_text(json.dumps(stored), encoding="utf-8")
