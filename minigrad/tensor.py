"""Tensor: an array that remembers how it was made. NumPy's vocabulary; every method is one line that calls an op."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from minigrad import graph, ops
from minigrad.errors import DeviceError, DtypeError
from minigrad.graph import Array, Variable
from minigrad.ops.reduce import Axis


class Tensor(Variable):
    """An array of numbers, differentiable where `requires_grad` is set.

    The data is copied. NumPy's dtype is kept (`Tensor(1.0)` is float64); Python scalars in an expression never
    promote; float32 and float64 arrays do not mix (`DtypeError`). `grad` is a Tensor after `backward()`, and is
    added to until it is set to None.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor

    grad: Tensor | None

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None, device: str = "cpu"):
        if device != "cpu":
            raise DeviceError(f"Tensor: there is no device {device!r} here; use 'cpu'")
        self.data = np.array(data.data if isinstance(data, Variable) else data, dtype=dtype)
        if self.data.dtype.kind not in "fiub":
            raise DtypeError(f"Tensor: {self.data.dtype} data; give real numbers")
        if requires_grad and self.data.dtype.kind != "f":
            raise DtypeError(f"Tensor: {self.data.dtype} cannot require a gradient; give dtype=float32 or float64")
        self.grad = None
        self.requires_grad = requires_grad
        self.node = None
        self.index = 0
        self.changed = 0

    # What it is

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the data."""
        return self.data.dtype

    @property
    def device(self) -> str:
        """Where the data lies."""
        return "cpu"

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.data.size

    def numpy(self) -> Array:
        """The data as an array that cannot be written to; copy it to change it."""
        view = self.data.view()
        view.flags.writeable = False
        return view

    def item(self) -> float:
        """The one entry as a Python number."""
        return self.data.item()

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        body = np.array2string(self.data, separator=", ", prefix="Tensor(")
        made = f", from {self.node.op.name}" if self.node else ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({body}, {self.dtype}{made})"

    # Gradients

    def backward(self, seed: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add ∂self/∂leaf to the `grad` of every leaf; a tensor that is not a scalar needs a seed of its shape."""
        graph.backward(self, seed, retain_graph=retain_graph, create_graph=create_graph)

    def detach(self) -> Self:
        """The same data, cut from its history."""
        return self.wrap(self.data)

    # fmt: off
    # Arithmetic

    def __add__(self, other: Any) -> Tensor: return ops.add(self, other)
    def __radd__(self, other: Any) -> Tensor: return ops.add(other, self)
    def __sub__(self, other: Any) -> Tensor: return ops.sub(self, other)
    def __rsub__(self, other: Any) -> Tensor: return ops.sub(other, self)
    def __mul__(self, other: Any) -> Tensor: return ops.mul(self, other)
    def __rmul__(self, other: Any) -> Tensor: return ops.mul(other, self)
    def __truediv__(self, other: Any) -> Tensor: return ops.div(self, other)
    def __rtruediv__(self, other: Any) -> Tensor: return ops.div(other, self)
    def __neg__(self) -> Tensor: return ops.neg(self)
    def __pow__(self, exponent: float) -> Tensor: return ops.power(self, exponent)
    def __matmul__(self, other: Any) -> Tensor: return ops.matmul(self, other)
    def __rmatmul__(self, other: Any) -> Tensor: return ops.matmul(other, self)

    # Elementwise

    def exp(self) -> Tensor: return ops.exp(self)
    def log(self) -> Tensor: return ops.log(self)
    def sqrt(self) -> Tensor: return ops.sqrt(self)
    def tanh(self) -> Tensor: return ops.tanh(self)
    def sigmoid(self) -> Tensor: return ops.sigmoid(self)

    # Reductions

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.sum(self, axis, keepdims)
    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.mean(self, axis, keepdims)
    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.logsumexp(self, axis, keepdims)
    def softmax(self, axis: int = -1) -> Tensor: return ops.softmax(self, axis)
    def log_softmax(self, axis: int = -1) -> Tensor: return ops.log_softmax(self, axis)

    # Arrangement

    @property
    def T(self) -> Tensor: return ops.transpose(self)
    @property
    def mT(self) -> Tensor: return ops.matrix_transpose(self)
    def reshape(self, *new: Any) -> Tensor: return ops.reshape(self, new[0] if len(new) == 1 else new)
    def transpose(self, axes: tuple[int, ...] | None = None) -> Tensor: return ops.transpose(self, axes)
    def broadcast_to(self, new: tuple[int, ...]) -> Tensor: return ops.broadcast_to(self, new)
    def unstack(self, axis: int = 0) -> tuple[Tensor, ...]: return ops.unstack(self, axis)

    # fmt: on
    def __getitem__(self, where: Any) -> Tensor:
        """As NumPy. Going back costs O(size) for each use: to walk along an axis, `unstack` it or iterate."""
        return ops.index(self, where)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(ops.unstack(self, 0))
