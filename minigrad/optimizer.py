"""What all optimisers share: their parameters, the loop over them, and a state that can be saved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.devices import host, updated
from minigrad.errors import GradError
from minigrad.graph import Array
from minigrad.module import Parameter, distinct, misfits
from minigrad.remote import Remote, device_of, mixed

Kept = dict[str, Array]


class Optimizer:
    """Holds the parameters, each once; `step()` changes them in place, `zero_grad()` forgets their gradients.

    `kept[i]` has the arrays that the method keeps for parameter i, by the letter of its equation; all start at 0.
    """

    def __init__(self, params: Iterable[Parameter], lr: float, weight_decay: float = 0.0, letters: str = ""):
        self.params = distinct(params)
        if not self.params:
            raise GradError("optimizer: no parameters were given")
        if not 0 < lr < math.inf:
            raise GradError(f"{type(self).__name__}: lr is {lr}; give a finite number above 0")
        self.lr = float(lr)  # a NumPy float64 would promote float32
        self.weight_decay = self.checked("weight_decay", weight_decay)
        self.steps = [0] * len(self.params)
        self.kept: list[Kept] = [{a: np.zeros_like(p.data) for a in letters} for p in self.params]

    def zero_grad(self) -> None:
        """Before each backward pass, unless gradients are to be added up."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        remote = []
        for i, p in enumerate(self.params):
            if p.grad is not None:
                if p.data.__class__ is not np.ndarray:
                    remote.append(i)
                    continue
                self.steps[i] += 1
                g = self.decayed(p.data, p.grad.data) if self.weight_decay else p.grad.data
                self.update(p.data, g, self.kept[i], self.steps[i])
                p.touch()
        if remote:
            self._step_remote(remote)

    def _step_remote(self, indices: list[int]) -> None:
        """The same for parameters on a device: many in one launch, where the update is among the kernels there."""
        params = [self.params[i] for i in indices]
        for p, i in zip(params, indices, strict=True):
            arrays = [p.data, p.grad.data, *self.kept[i].values()]  # type: ignore[union-attr]  # these have one
            if any(device_of(a) != p.device for a in arrays):
                raise mixed(f"{type(self).__name__}: made before the parameters were moved", *arrays)
        entries = []
        for p, i in zip(params, indices, strict=True):
            self.steps[i] += 1
            entries.append((p.data, p.grad.data, self.kept[i], self.steps[i]))  # type: ignore[union-attr]  # as above
        if not updated(self, entries):
            for x, g, kept, t in entries:
                self.update(x, self.decayed(x, g) if self.weight_decay else g, kept, t)
        for p in params:
            p.touch()

    def decayed(self, x: Array, g: Array) -> Array:
        """The gradient with the weight decay in it; called where there is one."""
        return g + self.weight_decay * x

    def update(self, x: Array, g: Array, kept: Kept, t: int) -> None:
        """Change `x` and what is kept in place, never `g`: two parameters may hold the same gradient."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What training needs to go on exactly: `lr`, and `0.steps`, `0.m` and so on; numbers, and copies of arrays.

        Settings that never change, such as `betas`, are not in it: they are given anew.
        """
        return {name: host(v) if isinstance(v, np.ndarray | Remote) else v for name, v in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; GradError, naming every entry that does not fit, before anything is changed."""
        own = self._state()
        wrong = misfits(own, state) or _unsound(own, state)
        if wrong:
            raise GradError("load_state_dict: " + ", ".join(wrong))
        self.lr = float(state["lr"])
        self.steps = [int(state[f"{i}.steps"]) for i in range(len(self.params))]
        for name, array in own.items():
            if isinstance(array, np.ndarray | Remote):
                array[...] = np.asarray(state[name], dtype=array.dtype)

    def _state(self) -> dict[str, Any]:
        entries = [{"steps": t, **kept} for t, kept in zip(self.steps, self.kept, strict=True)]
        return {"lr": self.lr} | {f"{i}.{name}": v for i, entry in enumerate(entries) for name, v in entry.items()}

    def checked(self, name: str, value: float, below: float = math.inf) -> float:
        """A setting as a float, if 0 ≤ value < below; GradError otherwise."""
        if not 0 <= value < below:
            remedy = "a finite number of at least 0" if below == math.inf else f"a number from 0 to below {below:g}"
            raise GradError(f"{type(self).__name__}: {name} is {value}; give {remedy}")
        return float(value)


def _unsound(own: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    numbers = {name: float(state[name]) for name, v in own.items() if not isinstance(v, np.ndarray | Remote)}
    counts = [
        f"{n} is {v}, not a whole number" for n, v in numbers.items() if n != "lr" and not (v >= 0 and v % 1 == 0)
    ]
    return counts if 0 <= numbers["lr"] < math.inf else [*counts, f"lr is {numbers['lr']}, not finite and at least 0"]
