"""Derivatives of functions: products with the Jacobian from both sides, and the matrices themselves.

Each takes a function of tensors and a list of its inputs, tensors or arrays. Where an input requires a gradient
already, the result can be differentiated by it, so these nest: `jacobian(lambda x: jacobian(f, x), x)`. Each
level differentiates by copies of its own, so that an inner derivative never sees what only the outer one varies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.backward import sweep
from minigrad.devices import settled
from minigrad.errors import GradError, ShapeError
from minigrad.graph import key, record
from minigrad.tensor import Tensor

Function = Callable[..., Tensor]


def vjp(f: Function, inputs: Sequence[Any], cotangent: Any) -> tuple[Tensor, list[Tensor]]:
    """f(inputs), and vᵀJ for each input: ∂⟨cotangent, f⟩/∂x, of x's shape. The cotangent has f's shape."""
    xs, nested = _copies([*inputs, cotangent])
    *xs, v = xs
    output = _applied(f, xs)
    return output, _pulled(output, xs, v, nested)


def jvp(f: Function, inputs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Tensor, Tensor]:
    """f(inputs), and J t = Σ ∂f/∂x · tangent, of f's shape: how f moves when every input moves by its tangent.

    A rule is linear in its cotangent g, so differentiating ⟨rule(g), t⟩ by g gives J t: reverse mode twice, and
    no second table of rules.
    """
    if len(inputs) != len(tangents):
        raise ShapeError(f"jvp: {len(tangents)} tangents for {len(inputs)} inputs; give one for each")
    both, nested = _copies([*inputs, *tangents])
    xs, ts = both[: len(inputs)], both[len(inputs) :]
    for x, t in zip(xs, ts, strict=True):
        if x.shape != t.shape:
            raise ShapeError(f"jvp: a tangent of shape {t.shape} for an input of shape {x.shape}")
    output = _applied(f, xs)
    g = Tensor(np.zeros_like(output.data), requires_grad=True)
    with record(True):
        pulled = _pulled(output, xs, g, create_graph=True)
        nothing = Tensor(np.zeros_like(output.data, shape=()))
        weighted = sum(((p * t).sum() for p, t in zip(pulled, ts, strict=True)), nothing)
    return output, _pulled(weighted, [g], None, nested)[0]


def jacobian(f: Function, x: Any) -> Tensor:
    """∂f/∂x at x: f's shape, then x's. One backward pass for each entry of f."""
    (copy,), nested = _copies([x])
    output = _applied(f, [copy])
    seeds = np.eye(output.size, dtype=output.dtype).reshape(output.size, *output.shape)
    rows = [_pulled(output, [copy], Tensor(s, device=output.device), nested)[0] for s in seeds]
    if not rows:
        return Tensor(np.zeros((*output.shape, *copy.shape), copy.dtype), device=output.device)
    return ops.stack(rows).reshape((*output.shape, *copy.shape))


def hessian(f: Function, x: Any) -> Tensor:
    """∂²f/∂x² at x, for f giving a scalar: x's shape twice."""
    return jacobian(lambda y: _gradient(f, y), x)


def hvp(f: Function, x: Any, direction: Any) -> Tensor:
    """The Hessian of a scalar f times a direction of x's shape, without the Hessian."""
    return vjp(lambda y: _gradient(f, y), [x], direction)[1][0]


def _gradient(f: Function, x: Tensor) -> Tensor:
    (copy,), _ = _copies([x])
    output = _applied(f, [copy])
    if output.size != 1:
        raise GradError(f"hessian: f gives shape {output.shape}; it must give a scalar")
    return _pulled(output, [copy], None, create_graph=True)[0]


def _applied(f: Function, xs: Sequence[Tensor]) -> Tensor:
    with record(True):
        output = f(*xs)
    if not isinstance(output, Tensor):
        raise GradError(f"the function gives {type(output).__name__}; it must give a Tensor")
    return output


def _copies(inputs: Sequence[Any]) -> tuple[list[Tensor], bool]:
    """Inputs of one's own to differentiate by, and whether any has a history that the result must keep."""
    nested = any(isinstance(x, Tensor) and x.requires_grad for x in inputs)
    with record(True):
        return [_copy(x) for x in inputs], nested


def _copy(x: Any) -> Tensor:
    if isinstance(x, Tensor) and x.requires_grad:
        return x.reshape(x.shape)
    return Tensor(x, requires_grad=True)


def _pulled(output: Tensor, xs: Sequence[Tensor], seed: Tensor | None, create_graph: bool) -> list[Tensor]:
    """∂⟨seed, output⟩/∂x for each x, going no further back than that; zeros where it does not depend on x."""
    found: dict[Any, Any] = {key(x): None for x in xs}
    if seed is None:
        seed = Tensor(np.ones_like(output.data))
    if seed.shape != output.shape:
        raise ShapeError(f"vjp: a cotangent of shape {seed.shape} for an output of shape {output.shape}")
    if output.requires_grad:
        sweep(output, seed if create_graph else seed.data, found, create_graph, True, stop=True)
    return [_tensor(found[key(x)], x) for x in xs]


def _tensor(g: Any, x: Tensor) -> Tensor:
    if isinstance(g, Tensor):
        return g
    return Tensor(np.zeros_like(x.data) if g is None else settled(g))
