"""Tensor: an array that remembers how it was made. NumPy's vocabulary; every method is one line that calls an op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np

from minigrad import ops
from minigrad.backward import backward
from minigrad.devices import beside, check_device, placed
from minigrad.errors import DtypeError, GradError, ShapeError
from minigrad.graph import Array, Node, Op, Variable, record, recording
from minigrad.ops.assignment import assign
from minigrad.ops.shape import Axis
from minigrad.remote import Remote, device_of


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, Variable) else x


class Tensor(Variable):
    """An array of numbers, differentiable where `requires_grad` is set.

    The data is copied. NumPy's dtype is kept (`Tensor(1.0)` is float64); Python scalars in an expression never
    promote; float32 and float64 arrays do not mix (`DtypeError`). `grad` is a Tensor after `backward()`, and is
    added to until it is set to None.

    `device` is "cpu" or "cuda", and where the data lies if it is not given. An array of another library on the GPU
    (with `__cuda_array_interface__`) is not copied: its memory is the tensor's. Tensors on different devices do not
    mix (`DeviceError`); `to` moves them.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor

    grad: Tensor | None

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None, device: str | None = None):
        given = data.data if isinstance(data, Variable) else data
        if device is not None:
            check_device(device)
        if device == "cuda" or given.__class__ is not np.ndarray:
            self.data = placed(given, dtype, device)
        else:
            self.data = np.array(given, dtype=dtype)
        if self.data.dtype.kind not in "fiub":
            raise DtypeError(f"Tensor: {self.data.dtype} data; give real numbers")
        if requires_grad and self.data.dtype.kind != "f":
            raise DtypeError(f"Tensor: {self.data.dtype} cannot require a gradient; give dtype=float32 or float64")
        self.grad = self.node = self.hooks = self.storage = None
        self.requires_grad = requires_grad
        self.index = 0

    # What it is

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the data."""
        return self.data.dtype

    @property
    def device(self) -> str:
        """Where the data lies: "cpu" or "cuda"."""
        return device_of(self.data)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.data.size

    def numpy(self) -> Array:
        """The data as an array that cannot be written to; copy it to change it. From the GPU it is a copy."""
        view = self.data.numpy() if isinstance(self.data, Remote) else self.data.view()
        view.flags.writeable = False
        return view

    def item(self) -> float:
        """The one entry as a Python number."""
        return self.data.item()

    def to(self, device: str) -> Self:
        """The tensor on "cpu" or "cuda": itself if it is there, else a copy, through which gradients go back."""
        return self if self.device == check_device(device, "to") else ops.to(self, device)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The memory, for other libraries on the GPU; nothing is copied. AttributeError for a tensor on the host."""
        if not isinstance(self.data, Remote):
            raise AttributeError("the tensor lies on the host")
        found: dict[str, Any] = self.data.__cuda_array_interface__
        return found

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        body = np.array2string(self.numpy(), separator=", ", prefix="Tensor(")
        made = f", from {self.node.op.name}" if self.node else ", requires_grad=True" if self.requires_grad else ""
        place = "" if self.device == "cpu" else f", device={self.device!r}"
        return f"Tensor({body}, {self.dtype}{place}{made})"

    # Gradients

    def backward(self, seed: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add ∂self/∂leaf to the `grad` of every leaf; a tensor that is not a scalar needs a seed of its shape."""
        backward(self, seed, retain_graph=retain_graph, create_graph=create_graph)

    def detach(self) -> Self:
        """The same data, cut from its history; the memory is shared, and so are changes in place."""
        return self._alias(None)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Callable[[], None]:
        """Call `hook` with this tensor's whole gradient in every backward pass; what it returns takes its place.

        Returns a function that removes the hook.
        """
        if not self.requires_grad:
            raise GradError("register_hook: the tensor requires no gradient; set requires_grad=True")
        if self.node is None:
            hooks = self.hooks = self.hooks or []
        else:
            notes = self.node.notes = self.node.notes or {}
            hooks = notes.setdefault("hooks", {}).setdefault(self.index, [])
        hooks.append(hook)
        return lambda: hooks.remove(hook)

    # Changes in place. The memory is written to, its storage notes the change, and backward through an earlier use
    # that still needs the old value refuses. A leaf that requires a gradient stays one, as in an optimiser's step;
    # any other tensor's history goes on with what was written.

    def __setitem__(self, where: Any, value: Any) -> None:
        where = where.data if isinstance(where, Variable) else where
        value = value if isinstance(value, Variable) else beside(value, self.data)
        self._overwrite(assign, value, where)

    def __iadd__(self, other: Any) -> Self:
        return self._overwrite(ops.add, other)

    def __isub__(self, other: Any) -> Self:
        return self._overwrite(ops.sub, other)

    def __imul__(self, other: Any) -> Self:
        return self._overwrite(ops.mul, other)

    def __itruediv__(self, other: Any) -> Self:
        return self._overwrite(ops.div, other)

    def _overwrite(self, op: Op, *args: Any) -> Self:
        leaf = self.node is None and self.requires_grad
        if leaf and recording() and any(isinstance(a, Variable) and a.requires_grad for a in args):
            raise GradError(f"{op.name} in place: what is written into a leaf must require no gradient; detach it")
        if self.node is not None and self.node.op.view and recording():
            raise GradError(f"{op.name} in place: a view with history cannot be written to; write to a copy")
        with record(recording() and not leaf):
            before = self._alias(self.node)
            new = op(before, *args)
        if new.shape != self.shape or new.dtype != self.dtype:
            raise ShapeError(
                f"{op.name} in place: {new.dtype} of shape {new.shape} does not fit into {self.dtype} of {self.shape}"
            )
        self.data[...] = new.data
        self.touch()
        if new.node is not None:
            new.node.notes = {**(new.node.notes or {}), "before": before}  # for those who have used it already
            self.node, self.index, self.requires_grad = new.node, new.index, True
        return self

    def _alias(self, node: Node | None) -> Self:
        """Another tensor over the same memory, with this history or none."""
        alias = self.wrap(self.data, node, self.index if node else 0)
        alias.storage = self.shared()
        return alias

    # Comparisons give truth values, which have no gradient.

    def __lt__(self, other: Any) -> Tensor:
        return Tensor(self.data < _plain(other))

    def __le__(self, other: Any) -> Tensor:
        return Tensor(self.data <= _plain(other))

    def __gt__(self, other: Any) -> Tensor:
        return Tensor(self.data > _plain(other))

    def __ge__(self, other: Any) -> Tensor:
        return Tensor(self.data >= _plain(other))

    def __bool__(self) -> bool:
        return bool(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy or dtype is not None or isinstance(self.data, Remote):  # of which NumPy gets no copy unsaid
            return np.array(self.data, dtype=dtype)
        return self.numpy()

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
    def relu(self) -> Tensor: return ops.relu(self)
    def abs(self) -> Tensor: return ops.abs(self)
    def __abs__(self) -> Tensor: return ops.abs(self)
    def clip(self, low: Any = None, high: Any = None) -> Tensor: return ops.clip(self, low, high)
    def maximum(self, other: Any) -> Tensor: return ops.maximum(self, other)
    def minimum(self, other: Any) -> Tensor: return ops.minimum(self, other)

    # Reductions

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.sum(self, axis, keepdims)
    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.mean(self, axis, keepdims)
    def var(self, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Tensor:
        return ops.var(self, axis, keepdims, ddof)
    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.max(self, axis, keepdims)
    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.min(self, axis, keepdims)
    def norm(self, axis: Axis = None, keepdims: bool = False) -> Tensor: return ops.norm(self, axis, keepdims)
    def cumsum(self, axis: int | None = None) -> Tensor: return ops.cumsum(self, axis)
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
    def squeeze(self, axis: Axis = None) -> Tensor: return ops.squeeze(self, axis)
    def expand_dims(self, axis: int | tuple[int, ...]) -> Tensor: return ops.expand_dims(self, axis)
    def flip(self, axis: Axis = None) -> Tensor: return ops.flip(self, axis)
    def pad(self, widths: Any) -> Tensor: return ops.pad(self, widths)
    def take(self, ids: Any) -> Tensor: return ops.take(self, ids)
    def split(self, sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
        return ops.split(self, sections, axis)
    def unstack(self, axis: int = 0) -> tuple[Tensor, ...]: return ops.unstack(self, axis)

    # fmt: on
    def __getitem__(self, where: Any) -> Tensor:
        """As NumPy. Going back costs O(size) for each use: to walk along an axis, `unstack` it or iterate."""
        return ops.index(self, where)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(ops.unstack(self, 0))


Tensor.result_type = Tensor
