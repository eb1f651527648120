"""DeviceArray: what a Tensor's `data` is on the GPU. Memory, an offset and strides; views share the memory.

It computes nothing by itself. Its operators are NumPy's ufuncs, its methods NumPy's functions, and both come back
through NumPy's protocols to what is entered in `UFUNCS` and `FUNCTIONS` by the files with the kernels. What is not
entered there is a DeviceError that names it. So the ops' functions and rules, written for NumPy, run here too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.cuda.layout import Ints, View, basic, broadcast, in_order, picked, reshaped, row_major, whole_shape
from minigrad.errors import DeviceError
from minigrad.remote import Remote, mixed

Function = TypeVar("Function", bound=Callable[..., Any])

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy's function, or one of `operator`'s, → what computes it on the GPU."""
UFUNCS: dict[str, Callable[..., Any]] = {}
"""A ufunc's method ("__call__", "reduce") → what computes it: (ufunc, *inputs, **keywords)."""


def answers(*functions: Any) -> Callable[[Function], Function]:
    """Enter a function as what computes these on the GPU."""

    def enter(function: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(functions, function))
        return function

    return enter


class DeviceArray(NDArrayOperatorsMixin, Remote):
    """An array on the GPU, with NumPy's vocabulary.

    `buffer` is a flat numba device array, which may be longer than what is used of it; entry i, j, … lies at
    `offset` + i `strides[0]` + j `strides[1]` + …, strides counted in entries. `base` is the array whose memory a
    view looks at. `limits` are the least and greatest entry, where they are known of integers that came from the
    host, so that ids can be checked without asking the device.
    """

    __slots__ = ("__weakref__", "base", "buffer", "dtype", "lease", "limits", "offset", "shape", "strides")

    buffer: Any
    shape: Ints
    strides: Ints
    offset: int
    dtype: np.dtype[Any]
    base: DeviceArray | None
    lease: Any
    limits: tuple[int, int] | None

    def __init__(
        self,
        buffer: Any,
        shape: Ints,
        dtype: np.dtype[Any],
        strides: Ints | None = None,
        offset: int = 0,
        base: DeviceArray | None = None,
        lease: Any = None,
    ):
        self.buffer, self.shape, self.dtype, self.offset, self.base, self.lease = (
            buffer, shape, dtype, offset, base, lease,
        )  # fmt: skip
        self.strides = row_major(shape) if strides is None else strides
        self.limits = None if base is None else base.limits

    # What it is

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the entries."""
        return self.size * self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        """Whether the entries lie one after the other."""
        return in_order(self.shape, self.strides)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, device='cuda')"

    # To the host: only when it is said

    def numpy(self) -> Any:
        """A copy on the host. Waits for everything that was launched before."""
        return FUNCTIONS["numpy"](self)

    def item(self) -> Any:
        """The one entry as a Python number. Waits, as `numpy` does."""
        return self.numpy().item()

    def tolist(self) -> Any:
        """As `numpy().tolist()`."""
        return self.numpy().tolist()

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise DeviceError("cuda: the array lies on the GPU and is not copied to the host unsaid; call .numpy()")

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The memory itself, for libraries that compute on the GPU too; nothing is copied."""
        interface = getattr(self.buffer, "__cuda_array_interface__", None) or self.buffer.__array_interface__
        item = self.dtype.itemsize
        return {
            "shape": self.shape,
            "strides": None if self.contiguous else tuple(s * item for s in self.strides),
            "typestr": self.dtype.str,
            "data": (interface["data"][0] + self.offset * item, False),
            "version": 3,
            "stream": 1,  # the default stream, on which all work here is done
        }

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        compute = UFUNCS.get(method)
        if compute is None:
            raise DeviceError(f"{ufunc.__name__}.{method}: has no launcher on cuda; use device='cpu' for it")
        for x in inputs:
            if isinstance(x, np.ndarray):
                raise mixed(ufunc.__name__, *inputs)
        return compute(ufunc, *inputs, **keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        compute = FUNCTIONS.get(function)
        if compute is None:
            raise DeviceError(f"{function.__name__}: has no launcher on cuda; use device='cpu' for it")
        return compute(*args, **kwargs)

    # Views

    def view(self, shape: Ints, strides: Ints, offset: int) -> DeviceArray:
        """The same memory in another arrangement."""
        base = self if self.base is None else self.base
        made = DeviceArray(self.buffer, shape, self.dtype, strides, offset, base)
        made.limits = self.limits
        return made

    def reshape(self, *new: Any) -> DeviceArray:
        """A view where there is one, else a copy."""
        shape = whole_shape(self.size, new[0] if len(new) == 1 else new)
        strides = reshaped(self.shape, self.strides, shape)
        if strides is None:
            return self.copy().reshape(shape)
        return self.view(shape, strides, self.offset)

    def ravel(self) -> DeviceArray:
        """Flat: a view where there is one."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> DeviceArray:
        """The axes in another order; reversed, if none is given."""
        given = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        order = tuple(reversed(range(self.ndim))) if given is None else normal(given, self.ndim)
        if len(order) != self.ndim:
            raise ValueError("axes don't match array")
        return self.view(tuple(self.shape[i] for i in order), tuple(self.strides[i] for i in order), self.offset)

    @property
    def T(self) -> DeviceArray:
        """The axes reversed."""
        return self.transpose()

    @property
    def mT(self) -> DeviceArray:
        """The last two axes exchanged."""
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self.transpose((*range(self.ndim - 2), -1, -2))

    def broadcast_to(self, shape: Any) -> DeviceArray:
        """A view in which every entry may stand many times."""
        wide = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
        return self.view(wide, broadcast(self.shape, self.strides, wide), self.offset)

    def __getitem__(self, where: Any) -> DeviceArray:
        parts = where if isinstance(where, tuple) else (where,)
        if basic(parts):
            return self.view(*picked(View(self.shape, self.strides, self.offset), parts))
        return FUNCTIONS[operator.getitem](self, parts)

    def __setitem__(self, where: Any, value: Any) -> None:
        self.limits = None
        if self.base is not None:
            self.base.limits = None
        parts = where if isinstance(where, tuple) else (where,)
        if basic(parts):
            target = self.view(*picked(View(self.shape, self.strides, self.offset), parts))
            FUNCTIONS[np.copyto](target, value)
        else:
            FUNCTIONS[operator.setitem](self, parts, value)

    # fmt: off
    # Computing: each is NumPy's function of the name

    def copy(self) -> DeviceArray: return FUNCTIONS[np.copy](self)
    def astype(self, dtype: Any, copy: bool = True) -> DeviceArray: return FUNCTIONS["astype"](self, dtype, copy)
    def fill(self, value: Any) -> None: self[...] = value
    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        return np.sum(self, axis=axis, dtype=dtype, keepdims=keepdims)
    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.mean(self, axis=axis, keepdims=keepdims)
    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.max(self, axis=axis, keepdims=keepdims)
    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.min(self, axis=axis, keepdims=keepdims)
    def all(self, axis: Any = None) -> Any: return np.all(self, axis=axis)
    def squeeze(self, axis: Any = None) -> DeviceArray: return FUNCTIONS[np.squeeze](self, axis)
    def clip(self, low: Any = None, high: Any = None) -> DeviceArray: return FUNCTIONS[np.clip](self, low, high)
    # fmt: on


def normal(axes: Any, ndim: int) -> Ints:
    """Axes counted from the front, each at most once; NumPy's AxisError or ValueError otherwise."""
    given = (axes,) if isinstance(axes, int | np.integer) else tuple(axes)
    for a in given:
        if not -ndim <= a < ndim:
            raise np.exceptions.AxisError(a, ndim)
    found = tuple(int(a) % ndim for a in given)
    if len(set(found)) < len(found):
        raise ValueError("repeated axis")
    return found
