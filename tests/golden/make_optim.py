"""Write optim.json: parameters under torch's optimisers over seven steps with given gradients, and its schedules.

To make the file again: with torch 2.13.0 and numpy installed, run `python tests/golden/make_optim.py`.
All in float64. Gradients differ widely in size, and one is zero at one step; the third parameter has no gradient for
the first three steps and none at the sixth. Tests read the numbers and never need torch.
"""

import json
from pathlib import Path

import torch
from torch.optim import lr_scheduler

CASES = {
    "SGD": {"lr": 0.3},
    "SGD, weight decay": {"lr": 0.3, "weight_decay": 0.1},
    "SGD, momentum": {"lr": 0.2, "momentum": 0.9},
    "SGD, momentum, dampening, weight decay": {"lr": 0.2, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.2},
    "SGD, nesterov": {"lr": 0.1, "momentum": 0.7, "nesterov": True},
    "SGD, nesterov, weight decay": {"lr": 0.1, "momentum": 0.7, "nesterov": True, "weight_decay": 0.2},
    "Adagrad": {},
    "Adagrad, all options": {
        "lr": 0.3, "lr_decay": 0.2, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-2,
    },
    "RMSprop": {},
    "RMSprop, momentum": {"lr": 0.05, "alpha": 0.8, "momentum": 0.9},
    "RMSprop, centered": {"lr": 0.05, "alpha": 0.7, "centered": True, "eps": 1e-3},
    "RMSprop, all options": {
        "lr": 0.05, "alpha": 0.8, "momentum": 0.6, "centered": True, "weight_decay": 0.1, "eps": 0.1,
    },
    "Adam": {"lr": 0.05},
    "Adam, other betas": {"lr": 0.2, "betas": [0.6, 0.95], "eps": 1e-3},
    "Adam, weight decay": {"lr": 0.2, "betas": [0.7, 0.9], "weight_decay": 0.3},
    "AdamW": {"lr": 0.05},
    "AdamW, other weight decay": {"lr": 0.2, "betas": [0.7, 0.9], "eps": 1e-2, "weight_decay": 0.3},
}  # fmt: skip
STEPS = 7
SCHEDULES = {
    "step_decay": [lr_scheduler.StepLR, {"step_size": 3, "gamma": 0.5}, {"every": 3, "gamma": 0.5}],
    "exponential": [lr_scheduler.ExponentialLR, {"gamma": 0.9}, {"gamma": 0.9}],
    "cosine": [lr_scheduler.CosineAnnealingLR, {"T_max": 8, "eta_min": 0.25}, {"steps": 8, "floor": 0.25}],
}


def case(name, options):
    """The parameters before the first step and after each, with the gradients that drove them."""
    params = [torch.randn(2, 3, dtype=torch.float64), *torch.randn(2, 2, dtype=torch.float64)]
    params = [torch.nn.Parameter(p.clone()) for p in params]
    optimizer = getattr(torch.optim, name.split(",")[0])(params, **options)
    start, gradients, after = [p.tolist() for p in params], [], []
    for step in range(STEPS):
        for p in params:
            p.grad = 10.0 ** (step - 3) * torch.randn_like(p)
        params[1].grad *= step != 2
        if step < 3 or step == 5:
            params[2].grad = None
        gradients.append([None if p.grad is None else p.grad.tolist() for p in params])
        optimizer.step()
        after.append([p.tolist() for p in params])
    return {"options": options, "start": start, "gradients": gradients, "after": after}


def factors(kind, options):
    """The learning rate at steps 0 to 8, from 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = kind(optimizer, **options), []
    for _ in range(9):
        rates += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return rates


if __name__ == "__main__":
    torch.manual_seed(8)
    cases = {name: case(name, options) for name, options in CASES.items()}
    schedules = {
        name: {"options": ours, "factors": factors(kind, theirs)} for name, (kind, theirs, ours) in SCHEDULES.items()
    }
    stored = {"made_with": f"torch {torch.__version__.split('+')[0]}", "cases": cases, "schedules": schedules}
    Path(__file__).with_name("optim.json").write_text(json.dumps(stored), encoding="utf-8")
