"""Checks of derivatives against differences, which know nothing of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.backward import grad
from minigrad.errors import GradError
from minigrad.graph import Array
from minigrad.tensor import Tensor


def relative_error(a: Any, b: Any) -> float:
    """max|a − b| / max(max|b|, 1e-12), the measure used everywhere; infinite where either is not finite."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"relative_error: shapes {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.max(np.abs(a - b), initial=0.0) / max(np.max(np.abs(b), initial=0.0), 1e-12))


def differences(f: Callable[[Array], Array | float], x: Array, step: float = 1e-3) -> Array:
    """Derivatives of `f` at `x` by central differences of fourth order, entry by entry.

    (8 (f(x+s) − f(x−s)) − (f(x+2s) − f(x−2s))) / 12 s, whose error is O(s⁴). Shape: x's, then that of f(x).
    """
    x = np.array(x, dtype=float)
    columns = []
    for i in np.ndindex(x.shape):
        values = []
        for k in (1, -1, 2, -2):
            moved = x.copy()
            moved[i] += k * step
            values.append(np.asarray(f(moved), dtype=float))
        columns.append((8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * step))
    return np.array(columns).reshape(x.shape + (columns[0].shape if columns else ()))


def gradcheck(
    f: Callable[..., Tensor],
    inputs: Sequence[Any],
    *,
    order: int = 1,
    tolerance: float = 1e-6,
    rng: np.random.Generator | None = None,
) -> float:
    """Compare the engine's derivative of `f` with differences, for a random cotangent; return the worst error.

    `inputs` are float64 arrays. `order=2` checks the derivative of the derivative too (with respect to the
    inputs and the cotangent), and the first one also as `create_graph` records it. Raises `GradError` naming the
    input where they disagree, and where there is nothing to compare: no entries, or an output that feels none of
    its inputs.
    """
    rng = rng or np.random.default_rng(0)
    arrays = [x.numpy() if isinstance(x, Tensor) else np.asarray(x) for x in inputs]
    places = {x.device for x in inputs if isinstance(x, Tensor)}
    if places == {"cuda"}:
        return _there(f, arrays, order, tolerance, rng)
    if any(a.dtype != np.float64 for a in arrays):
        raise GradError("gradcheck: inputs must be float64; differences of float32 are noise")
    cotangent = rng.standard_normal(f(*map(_leaf, arrays)).shape)
    worst = max(_compare(f, arrays, cotangent, tolerance, mode) for mode in (False, True)[:order])
    if order == 1:
        return worst

    def derivative(*args: Tensor) -> Tensor:
        """⟨r, ∂⟨v, f⟩/∂x⟩, a scalar, for fixed random r."""
        *xs, v = args
        gradients = grad(f(*xs), xs, create_graph=True, seed=v)
        return sum(((g * r).sum() for g, r in zip(gradients, weights, strict=True)), Tensor(0.0))

    weights = [rng.standard_normal(a.shape) for a in arrays]
    return max(worst, gradcheck(derivative, [*arrays, cotangent], order=order - 1, tolerance=tolerance, rng=rng))


def _there(
    f: Callable[..., Tensor], arrays: list[Array], order: int, tolerance: float, rng: np.random.Generator
) -> float:
    """The check of f on a device: what it is given and what it gives crosses over, recorded."""
    crossing = lambda *xs: f(*(x.to("cuda") for x in xs)).to("cpu")
    return gradcheck(crossing, arrays, order=order, tolerance=tolerance, rng=rng)


def gradgradcheck(f: Callable[..., Tensor], inputs: Sequence[Any], **options: Any) -> float:
    """`gradcheck` to second order."""
    return gradcheck(f, inputs, order=2, **options)


def _leaf(x: Array) -> Tensor:
    return Tensor(x, requires_grad=True)


def _compare(
    f: Callable[..., Tensor], arrays: list[Array], cotangent: Array, tolerance: float, create_graph: bool
) -> float:
    leaves = [_leaf(a) for a in arrays]
    gradients = [g.data for g in grad(f(*leaves), leaves, create_graph, seed=cotangent)]
    numeric = []
    for k, a in enumerate(arrays):
        others = [_leaf(x) for x in arrays]

        def weighted(x: Array, k: int = k, others: list[Tensor] = others) -> float:
            return float(np.sum(cotangent * f(*others[:k], _leaf(x), *others[k + 1 :]).data))

        numeric.append(differences(weighted, a))
    scale = max((float(np.max(np.abs(d), initial=0.0)) for d in numeric), default=0.0)
    if scale < 1e-9:
        raise GradError("gradcheck: nothing to compare; the output does not depend on any entry of the inputs")
    errors = [np.max(np.abs(g - d), initial=0.0) / scale for g, d in zip(gradients, numeric, strict=True)]
    for k, error in enumerate(errors):
        if not error <= tolerance:
            raise GradError(
                f"gradcheck: input {k} is off by {error:.2g} of the gradient's size; allowed are {tolerance:.0g}"
            )
    return float(max(errors))
