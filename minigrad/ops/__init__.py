"""THE TABLE, by family. Each entry is a NumPy function, one rule, and its samples."""

from minigrad.ops.assignment import assign
from minigrad.ops.convolution import conv1d
from minigrad.ops.einsum import einsum
from minigrad.ops.elementwise import add, div, exp, log, mul, neg, power, sigmoid, sqrt, sub, tanh
from minigrad.ops.indexing import index, take
from minigrad.ops.joining import concat, pad, split, stack, unstack
from minigrad.ops.linear import linear, matmul
from minigrad.ops.loss import cross_entropy, log_softmax, mse_loss, one_hot, softmax
from minigrad.ops.placing import to
from minigrad.ops.reduce import cumsum, logsumexp, max, mean, min, norm, sum, var
from minigrad.ops.selection import abs, clip, dropout, maximum, minimum, relu, where
from minigrad.ops.shape import broadcast_to, expand_dims, flip, matrix_transpose, reshape, squeeze, transpose
from minigrad.ops.table import COMPOSED, TABLE, op

__all__ = [
    "COMPOSED", "TABLE", "abs", "add", "assign", "broadcast_to", "clip", "concat", "conv1d", "cross_entropy",
    "cumsum", "div", "dropout", "einsum", "exp", "expand_dims", "flip", "index", "linear", "log", "log_softmax",
    "logsumexp", "matmul", "matrix_transpose", "max", "maximum", "mean", "min", "minimum", "mse_loss", "mul", "neg",
    "norm", "one_hot", "op", "pad", "power", "relu", "reshape", "sigmoid", "softmax", "split", "sqrt", "squeeze",
    "stack", "sub", "sum", "take", "tanh", "to", "transpose", "unstack", "var", "where",
]  # fmt: skip
