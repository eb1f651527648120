"""Layers: small modules that every network here is built with. Names, shapes and first values are torch's.

`init` draws a layer's weight by another scheme of `minigrad.init`; a bias is drawn as torch draws it either way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.devices import least_known, settled
from minigrad.errors import DtypeError, MinigradError, ShapeError
from minigrad.init import Initialiser, normal, uniform
from minigrad.module import Module, Parameter
from minigrad.tensor import Tensor

__all__ = [
    "MLP", "Conv1d", "Dropout", "Embedding", "Initialiser", "LayerNorm", "Linear", "Module", "Parameter", "uniform",
]  # fmt: skip


class Linear(Module):
    """y = x Wᵀ + b. x (..., in), y (..., out); `weight` (out, in), `bias` (out,), both U(±1/√in) as torch."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Initialiser | None = None,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ):
        _check_sizes("Linear", in_features=in_features, out_features=out_features)
        rng = rng or np.random.default_rng()
        usual = uniform(1 / math.sqrt(in_features))
        self.weight = _drawn(init or usual, rng, (out_features, in_features), dtype)
        self.bias = _drawn(usual, rng, (out_features,), dtype) if bias else None

    def __call__(self, x: Tensor) -> Tensor:
        """The product is taken over all rows at once, whatever axes precede the last."""
        return ops.linear(x, self.weight, self.bias)


class Embedding(Module):
    """Row `id` of `weight` (n, d) for each id; N(0, 1) as torch. ids (...), result (..., d)."""

    def __init__(
        self,
        n: int,
        d: int,
        *,
        init: Initialiser | None = None,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ):
        _check_sizes("Embedding", n=n, d=d)
        self.weight = _drawn(init or normal(), rng or np.random.default_rng(), (n, d), dtype)

    def __call__(self, ids: Any) -> Tensor:
        """Rows are looked up, never multiplied by one-hot vectors. Ids are integers from 0 to n − 1."""
        found = settled(ids.data if isinstance(ids, Tensor) else ids)
        if found.dtype.kind not in "iu":
            raise DtypeError(f"Embedding: ids are {found.dtype}; give integers")
        least = least_known(found)
        if least is not None and least < 0:  # NumPy would count from the end
            raise ShapeError(f"Embedding: an id is {least}; give ids from 0 to {self.weight.shape[0] - 1}")
        return ops.take(self.weight, ids if isinstance(ids, Tensor) else found)


class Conv1d(Module):
    """y[b, o, t] = bias[o] + Σ over c, k of weight[o, c, k] · x[b, c, stride · t + dilation · k − left].

    x (..., C, T), y (..., O, T′) with T′ = ⌊(T + left + right − dilation · (K − 1) − 1) / stride⌋ + 1; x is 0 outside
    its T steps. `weight` (O, C, K), `bias` (O,), both U(±1/√(C K)) as torch. `padding` is (left, right), or one number
    for both; (dilation · (K − 1), 0) makes y[t] feel no x after t. [DLB 9.1, 9.5]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int = 1,
        bias: bool = True,
        *,
        init: Initialiser | None = None,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ):
        _check_sizes("Conv1d", in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        _check_sizes("Conv1d", stride=stride, dilation=dilation)
        rng = rng or np.random.default_rng()
        usual = uniform(1 / math.sqrt(in_channels * kernel_size))
        self.stride, self.dilation = stride, dilation
        self.padding = (padding, padding) if isinstance(padding, int) else padding
        if min(self.padding) < 0:
            raise ShapeError(f"Conv1d: padding is {padding}; give numbers of at least 0")
        self.weight = _drawn(init or usual, rng, (out_channels, in_channels, kernel_size), dtype)
        self.bias = _drawn(usual, rng, (out_channels,), dtype) if bias else None

    def __call__(self, x: Tensor) -> Tensor:
        """All sequences at once, whatever axes precede the last two."""
        rows = x.reshape(-1, *x.shape[-2:])
        y = ops.conv1d(rows, self.weight, self.stride, self.dilation, self.padding)
        if self.bias is not None:
            y = y + self.bias.reshape(-1, 1)
        return y.reshape(*x.shape[:-2], *y.shape[1:])


class Dropout(Module):
    """In training each entry is 0 with probability p, else x/(1 − p), so that the mean is x; otherwise x itself.

    `rng` belongs to the module: `Module.rng_state` has where it stands. p is from 0 to below 1.
    [Srivastava et al. 2014; DLB 7.12]
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None):
        if not 0 <= p < 1:
            raise MinigradError(f"Dropout: p is {p}; give a probability from 0 to below 1")
        self.p = p
        self.rng = rng or np.random.default_rng()

    def __call__(self, x: Tensor) -> Tensor:
        """x, of any shape, or what is left of it."""
        return ops.dropout(x, self.p, self.rng) if self.training else x


class LayerNorm(Module):
    """y = (x − μ)/√(σ² + ε) ⊙ weight + bias, μ and σ² (divided by n) over the last axes of x.

    x and y (..., *normalized_shape); `weight` starts at 1, `bias` at 0. [Ba, Kiros and Hinton 2016]
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
    ):
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        if not self.normalized_shape or min(self.normalized_shape) < 1 or not 0 <= eps < math.inf:
            raise ShapeError(
                f"LayerNorm: normalized_shape is {normalized_shape} and eps {eps}; "
                "give one or more lengths of at least 1, and a finite eps of at least 0"
            )
        self.eps = eps
        self.weight = Parameter(np.ones(self.normalized_shape), dtype) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape), dtype) if elementwise_affine and bias else None

    def __call__(self, x: Tensor) -> Tensor:
        """Each row is normalised by itself, in training and after."""
        k = len(self.normalized_shape)
        if x.shape[-k:] != self.normalized_shape:
            raise ShapeError(f"LayerNorm: the input has shape {x.shape}; its last axes must be {self.normalized_shape}")
        axes = tuple(range(-k, 0))
        centred = x - x.mean(axes, keepdims=True)
        y = centred / ((centred * centred).mean(axes, keepdims=True) + self.eps).sqrt()
        if self.weight is not None:
            y = y * self.weight
        return y if self.bias is None else y + self.bias


class MLP(Module):
    """Linear layers of `sizes`, with `activation` (ReLU) and then dropout after each but the last. [DLB 6]

    x (..., sizes[0]), y (..., sizes[-1]). Parameters are `layers.0.weight`, `layers.0.bias` and so on. Dropout
    draws from a generator of its own, spawned from `rng`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[Tensor], Tensor] = ops.relu,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        init: Initialiser | None = None,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ):
        if len(sizes) < 2:
            raise ShapeError(f"MLP: sizes are {tuple(sizes)}; give at least two, the input's and the output's")
        rng = rng or np.random.default_rng()
        self.activation = activation
        self.layers = [Linear(i, o, bias, init=init, dtype=dtype, rng=rng) for i, o in pairwise(sizes)]
        self.dropout = Dropout(dropout, rng=rng.spawn(1)[0])

    def __call__(self, x: Tensor) -> Tensor:
        """The last layer's sums are given as they are."""
        for layer in self.layers[:-1]:
            x = self.dropout(self.activation(layer(x)))
        return self.layers[-1](x)


def _check_sizes(layer: str, **sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ShapeError(f"{layer}: {name} is {size}; give a whole number of at least 1")


def _drawn(init: Initialiser, rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Parameter:
    drawn = init(rng, shape)
    if np.shape(drawn) != shape:
        raise ShapeError(f"init: an array of shape {np.shape(drawn)} was drawn for a weight of shape {shape}")
    return Parameter(drawn, dtype)
