"""Write optim.json: parameters under torch's SGD and Adam over six steps with given gradients, in float64.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_optim.py`.
Gradients differ widely in size, and one is zero at one step. Tests read the numbers and never
need torch.
"""

import json
from pathlib import Path

import torch

CASES = {
    "SGD": {"lr": 0.3},
    "Adam": {"lr": 0.05},
    "Adam, other betas": {"lr": 0.2, "betas": [0.6, 0.95], "eps": 1e-3},
}
STEPS = 6


def case(name, options):
    """The parameters before the first step and after each, with the gradients that drove them."""
    params = [torch.randn(2, 3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)]
    params = [torch.nn.Parameter(p) for p in params]
    optimizer = getattr(torch.optim, name.split(",")[0])(params, **options)
    start, gradients, after = [p.tolist() for p in params], [], []
    for step in range(STEPS):
        scale = 10.0 ** (step - 3)
        for p in params:
            p.grad = scale * torch.randn_like(p)
        params[1].grad *= step != 2
        gradients.append([p.grad.tolist() for p in params])
        optimizer.step()
        after.append([p.tolist() for p in params])
    return {"options": options, "start": start, "gradients": gradients, "after": after}


if __name__ == "__main__":
    torch.manual_seed(8)
    cases = {name: case(name, options) for name, options in CASES.items()}
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": cases}
    Path(__file__).with_name("optim.json").write_text(json.dumps(stored), encoding="utf-8")
