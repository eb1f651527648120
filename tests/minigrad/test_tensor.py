"""Tensor: dtypes, its data, what it refuses and in which words."""

import operator

import numpy as np
import pytest

import minigrad
from minigrad import (
    DeviceError,
    DtypeError,
    MinigradError,
    ShapeError,
    Tensor,
    devices,
    grad,
    nn,
    ops,
)

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]


# dtypes


def test_numpys_dtype_is_kept():
    assert Tensor(1.0).dtype == np.float64
    assert Tensor([1, 2]).dtype == np.int64
    assert Tensor(np.ones(2, np.float32)).dtype == np.float32
    assert Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert Tensor(Tensor([1.5], dtype=np.float32)).dtype == np.float32
    assert Tensor([True, False]).dtype == np.bool_


@pytest.mark.parametrize("scalar", [2, 2.5, True])
@pytest.mark.parametrize("op", [*OPERATORS, operator.pow])
def test_python_scalars_never_promote(op, scalar):
    x = Tensor([1.5, 3.0], requires_grad=True, dtype=np.float32)
    results = [op(x, scalar)] if op is operator.pow else [op(x, scalar), op(scalar, x)]
    for y, expected in zip(results, [op(x.data, scalar), op(scalar, x.data)], strict=False):
        assert y.dtype == grad(y.sum(), x).dtype == np.float32
        np.testing.assert_array_equal(y.data, expected)


@pytest.mark.parametrize("op", OPERATORS)
def test_precisions_do_not_mix(op):
    low, high = Tensor([1.0], dtype=np.float32), Tensor([2.0])
    for a, b in [
        (low, high),
        (high, low),
        (low, high.data),
        (high.data, low),
        (high, low.data),
        (low.data, high),
    ]:
        with pytest.raises(
            DtypeError, match=r"float32 and float64 do not mix; convert one with Tensor\(x, dtype=...\)"
        ):
            op(a, b)
    assert op(low, Tensor(high, dtype=np.float32)).dtype == np.float32


def test_what_can_be_differentiated():
    for data in ([1, 2], [True], np.uint8(3)):
        with pytest.raises(DtypeError, match="cannot require a gradient; give dtype=float32 or float64"):
            Tensor(data, requires_grad=True)
    for data in ([1j], ["a"], [None], [object()]):
        with pytest.raises(DtypeError, match="give real numbers"):
            Tensor(data)
    assert Tensor([1, 2], requires_grad=True, dtype=np.float32).requires_grad


def test_devices_are_named_and_what_is_missing_is_said(monkeypatch):
    with pytest.raises(DeviceError, match=r"^Tensor: there is no device 'tpu'; use 'cpu' or 'cuda'$"):
        Tensor(1.0, device="tpu")
    monkeypatch.setattr(devices, "found", lambda: devices.Found("numba", False, missing="there is no driver"))
    for ask in (lambda: Tensor(1.0, device="cuda"), lambda: Tensor(1.0).to("cuda"), lambda: nn.Linear(1, 1).to("cuda")):
        with pytest.raises(DeviceError, match="cuda cannot be used here; there is no driver; use device='cpu', or see"):
            ask()
    assert Tensor(1.0).device == Tensor(1.0, device="cpu").device == "cpu"
    assert getattr(Tensor(1.0), "__cuda_array_interface__", None) is None


def test_errors_can_be_caught_as_pythons_own():
    assert all(issubclass(e, MinigradError) for e in (DtypeError, ShapeError, DeviceError, minigrad.GradError))
    assert issubclass(ShapeError, ValueError)
    assert issubclass(DtypeError, TypeError)


# Shapes that do not fit


A = np.arange(6.0).reshape(2, 3)
MISFITS = {
    r"add: shapes \(2, 3\) and \(4,\) do not fit": lambda x: x + np.ones(4),
    r"add: shapes \(4,\) and \(2, 3\) do not fit": lambda x: np.ones(4) + x,
    r"matmul: shapes \(2, 3\) and \(2, 3\) do not fit": lambda x: x @ x,
    r"reshape: shapes \(2, 3\) with 4 do not fit": lambda x: x.reshape(4),
    r"sum: shapes \(2, 3\) with 2, False do not fit": lambda x: x.sum(2),
    r"softmax: shapes \(2, 3\) with 5 do not fit": lambda x: x.softmax(5),
    r"transpose: shapes \(2, 3\) with \(0,\) do not fit": lambda x: x.transpose((0,)),
    r"broadcast_to: shapes \(2, 3\) with \(3, 2\) do not fit": lambda x: x.broadcast_to((3, 2)),
    r"index: shapes \(2, 3\) with 2 do not fit": lambda x: x[2],
    r"take: shapes \(2, 3\) with an array \(1,\) do not fit": lambda x: ops.take(x, np.array([7])),
    r"stack: shapes \(2, 3\) and \(3, 2\) with 0 do not fit": lambda x: ops.stack([x, x.T]),
    r"stack: .*at least one": lambda x: ops.stack([]),
    r"unstack: shapes \(2, 3\) with 2 do not fit": lambda x: x.unstack(2),
    r"cross_entropy: shapes \(2, 3\) with an array \(1,\) do not fit": lambda x: ops.cross_entropy(x, np.array([0])),
}


@pytest.mark.parametrize("message", MISFITS)
def test_a_misfit_names_the_op_and_the_shapes_on_one_line(message):
    with pytest.raises(ShapeError, match=message) as caught:
        MISFITS[message](Tensor(A, requires_grad=True))
    assert "\n" not in str(caught.value)


# The data


def test_data_is_copied_in_and_handed_out_read_only():
    source = np.array([1.0, 2.0])
    x = Tensor(source)
    source[0] = 9
    assert x.data.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5
    assert x.numpy().tolist() == [1, 2]
    x.data[0] = 7  # the tensor itself is not made read-only by the view
    assert x.numpy().tolist() == [7, 2]


def test_what_it_is():
    x = Tensor(A, dtype=np.float32)
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert Tensor([[2.5]]).item() == 2.5
    assert type(Tensor(2.5).item()) is float
    with pytest.raises(ValueError):
        x.item()


def test_repr():
    x = Tensor([1.0, 2.5], requires_grad=True)
    assert repr(x) == "Tensor([1. , 2.5], float64, requires_grad=True)"
    assert repr(x.detach()) == "Tensor([1. , 2.5], float64)"
    assert repr(x.exp().sum() * 0) == "Tensor(0., float64, from mul)"
    assert repr(Tensor([3], dtype=np.int32)) == "Tensor([3], int32)"
