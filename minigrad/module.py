"""Modules: things with parameters, which are found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from minigrad.devices import check_device, host
from minigrad.devices import to as moved
from minigrad.errors import GradError, ShapeError
from minigrad.graph import Array
from minigrad.tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module owns and an optimiser changes. What is computed from it is a plain tensor."""

    __slots__ = ()

    def __init__(self, data: Any, dtype: Any = None):
        super().__init__(data, requires_grad=True, dtype=dtype)

    def assign(self, data: Array) -> None:
        """Put new values in place; backward through an earlier use of the old ones will refuse."""
        self.data[...] = data
        self.touch()


class Module:
    """Something with parameters. They are found by walking the attributes, in the order they were set.

    The walk goes into modules, lists and tuples, so `self.layers = [Linear(2, 3)]` has `layers.0.weight`. What is
    reached under two names, as a tied weight is, counts once, under the first of them.
    """

    training: bool = True
    """Whether layers that act differently in training, such as `Dropout`, do so; see `train` and `eval`."""

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of this one, named "", and of all within."""
        return ((name, m) for name, m in self._walk() if isinstance(m, Module))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), names joined by dots, as torch names them."""
        return ((name, p) for name, p in self._walk() if isinstance(p, Parameter))

    def parameters(self) -> list[Parameter]:
        """All parameters, in the order of their names' first appearance."""
        return [p for _, p in self.named_parameters()]

    def _walk(self) -> Iterator[tuple[str, Any]]:
        """Everything held, with its path, each object once."""
        seen: set[int] = set()
        stack: list[tuple[str, Any]] = [("", self)]
        while stack:
            path, value = stack.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield path, value
            inner = _held(value)  # the first is to be popped first
            stack += [(f"{path}.{name}" if path else name, v) for name, v in reversed(inner)]

    def to(self, device: str) -> Self:
        """Move all parameters, with their gradients, to "cpu" or "cuda"; returns the module itself.

        They stay the same parameters, so an optimiser made before holds them still; but what it keeps of them lies
        where it was, so make it afterwards. Backward through an earlier use of them will refuse.
        """
        check_device(device, "Module.to")
        for p in self.parameters():
            if p.device != device:
                p.data = moved(p.data, device)
                p.grad = None if p.grad is None else p.wrap(moved(p.grad.data, device))
                p.touch()
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training` to `mode` here and in every module within; returns the module itself."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """`train(False)`: as a trained model is used."""
        return self.train(False)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Within, all modules act as in `eval`; afterwards each as before."""
        modes = [(module, module.training) for _, module in self.named_modules()]
        self.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters by name, NumPy's from any device."""
        return {name: host(p.data) for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over all parameters; every missing, unexpected or misshapen entry is named before any is touched."""
        own = dict(self.named_parameters())
        wrong = misfits({name: p.data for name, p in own.items()}, state)
        if wrong:
            raise ShapeError("load_state_dict: " + ", ".join(wrong))
        for name, p in own.items():
            p.assign(np.asarray(state[name], dtype=p.dtype))

    def rng_state(self) -> dict[str, Mapping[str, Any]]:
        """Where each random generator within stands, by name: what `state_dict` lacks for training to go on exactly.

        A state is what NumPy gives; that of its default generator is made of numbers and names, fit for JSON.
        """
        return {name: rng.bit_generator.state for name, rng in self._generators().items()}

    def load_rng_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Put every generator where `state` says; GradError, and none is moved, unless names and kinds are the same."""
        own, before = self._generators(), self.rng_state()
        wrong = _other_names(own, state)
        if wrong:
            raise GradError("load_rng_state: " + ", ".join(wrong))
        try:
            for name, rng in own.items():
                rng.bit_generator.state = state[name]
        except (KeyError, TypeError, ValueError) as error:
            self.load_rng_state(before)
            raise GradError(f"load_rng_state: {name} cannot stand there; {error}") from None

    def _generators(self) -> dict[str, np.random.Generator]:
        return {name: rng for name, rng in self._walk() if isinstance(rng, np.random.Generator)}


def _held(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Module):
        return list(vars(value).items())
    return [(str(i), v) for i, v in enumerate(value)] if isinstance(value, list | tuple) else []


def distinct(params: Iterable[Parameter]) -> list[Parameter]:
    """The parameters in order, each once."""
    return list({id(p): p for p in params}.values())


def misfits(own: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    """What is wrong with `state` as new values for `own`: names, shapes, and entries that are no real numbers."""
    given = {name: np.asarray(state[name]) for name in own if name in state}
    return [
        *_other_names(own, state),
        *(
            f"{name} has shape {a.shape}, not {np.shape(own[name])}"
            for name, a in given.items()
            if a.shape != np.shape(own[name])
        ),
        *(f"{name} has dtype {a.dtype}, not real numbers" for name, a in given.items() if a.dtype.kind not in "fiub"),
    ]


def _other_names(own: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    return [f"{n} is missing" for n in own if n not in state] + [f"{n} is unexpected" for n in state if n not in own]
