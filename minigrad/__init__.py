"""minigrad: arrays that can be differentiated, as often as you like. Knows nothing of sequences or text."""

from minigrad import nn, optim
from minigrad.anomaly import detect_anomaly
from minigrad.backward import grad
from minigrad.checking import differences, gradcheck, gradgradcheck, relative_error
from minigrad.errors import AnomalyError, DeviceError, DtypeError, GradError, MinigradError, ShapeError
from minigrad.functional import hessian, hvp, jacobian, jvp, vjp
from minigrad.graph import no_grad
from minigrad.ops import (
    abs,
    broadcast_to,
    clip,
    concat,
    conv1d,
    cross_entropy,
    cumsum,
    dropout,
    einsum,
    exp,
    expand_dims,
    flip,
    log,
    log_softmax,
    logsumexp,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    mse_loss,
    norm,
    pad,
    relu,
    reshape,
    sigmoid,
    softmax,
    split,
    sqrt,
    squeeze,
    stack,
    sum,
    take,
    tanh,
    transpose,
    unstack,
    var,
    where,
)  # fmt: skip
from minigrad.recompute import checkpoint
from minigrad.scalar import Value
from minigrad.tape import Tape, compile
from minigrad.tensor import Tensor
from minigrad.view import GraphView, graph_of

__all__ = [
    "AnomalyError", "DeviceError", "DtypeError", "GradError", "GraphView", "MinigradError", "ShapeError", "Tape",
    "Tensor", "Value", "abs", "broadcast_to", "checkpoint", "clip", "compile", "concat", "conv1d", "cross_entropy",
    "cumsum", "detect_anomaly", "differences", "dropout", "einsum", "exp", "expand_dims", "flip", "grad", "gradcheck",
    "gradgradcheck", "graph_of", "hessian", "hvp", "jacobian", "jvp", "log", "log_softmax", "logsumexp", "matmul",
    "max", "maximum", "mean", "min", "minimum", "mse_loss", "nn", "no_grad", "norm", "optim", "pad", "relative_error",
    "relu", "reshape", "sigmoid", "softmax", "split", "sqrt", "squeeze", "stack", "sum", "take", "tanh", "transpose",
    "unstack", "var", "vjp", "where",
]  # fmt: skip
