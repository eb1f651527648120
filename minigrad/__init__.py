"""minigrad: arrays that can be differentiated, as often as you like. Knows nothing of sequences or text."""

from minigrad.errors import DeviceError, DtypeError, GradError, MinigradError, ShapeError
from minigrad.functional import differences, gradcheck, relative_error
from minigrad.graph import grad, no_grad
from minigrad.ops import (
    cross_entropy,
    exp,
    log,
    log_softmax,
    logsumexp,
    matmul,
    mean,
    sigmoid,
    softmax,
    sqrt,
    stack,
    sum,
    take,
    tanh,
    unstack,
)  # fmt: skip
from minigrad.tensor import Tensor

__all__ = [
    "DeviceError", "DtypeError", "GradError", "MinigradError", "ShapeError", "Tensor", "cross_entropy", "differences",
    "exp", "grad", "gradcheck", "log", "log_softmax", "logsumexp", "matmul", "mean", "no_grad", "relative_error",
    "sigmoid", "softmax", "sqrt", "stack", "sum", "take", "tanh", "unstack",
]  # fmt: skip
