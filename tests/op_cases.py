"""Every sample of every op and of every function made of ops."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import Tensor, ops
from minigrad.ops import COMPOSED, TABLE


def _differentiable(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


@dataclass(frozen=True)
class Case:
    """A function and arguments for it. Called with arrays or tensors, it puts them where its own arrays are."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]

    @property
    def arrays(self) -> list[Any]:
        """The arrays of real numbers among the arguments, those inside a list as well."""
        flat = [x for a in self.args for x in (a if isinstance(a, list) else [a])]
        return [x for x in flat if _differentiable(x)]

    def raw(self, *xs: Any) -> Any:
        """The function's own result; randomness starts over at each call."""
        given = iter(xs)

        def put(a: Any) -> Any:
            if isinstance(a, list):
                return [put(x) for x in a]
            return next(given) if _differentiable(a) else copy.deepcopy(a)

        return self.function(*map(put, self.args))

    def __call__(self, *xs: Any) -> Any:
        """One array: several outputs are laid end to end."""
        result = self.raw(*xs)
        return ops.concat([r.reshape(-1) for r in result]) if isinstance(result, tuple) else result

    def leaves(self, dtype: Any = np.float64) -> list[Tensor]:
        """The arrays as tensors that want gradients."""
        return [Tensor(a, requires_grad=True, dtype=dtype) for a in self.arrays]

    def cotangent(self) -> Any:
        """A random array of the result's shape."""
        return np.random.default_rng(7).standard_normal(self(*self.leaves()).shape)


FUNCTIONS = {name: (op, op.samples) for name, op in TABLE.items()} | COMPOSED
CASES = {
    f"{name}-{k}": Case(name, function, sample(np.random.default_rng(k)))
    for name, (function, samples) in FUNCTIONS.items()
    for k, sample in enumerate(samples)
}
