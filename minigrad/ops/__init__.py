"""THE TABLE, by family. Each entry is a NumPy function, one rule, and its samples."""

from minigrad.ops.elementwise import add, div, exp, log, mul, neg, power, sigmoid, sqrt, sub, tanh
from minigrad.ops.indexing import index, take
from minigrad.ops.linear import matmul
from minigrad.ops.loss import cross_entropy, log_softmax, one_hot, softmax
from minigrad.ops.reduce import logsumexp, mean, sum
from minigrad.ops.shape import broadcast_to, matrix_transpose, reshape, stack, transpose, unstack
from minigrad.ops.table import TABLE, op

__all__ = [
    "TABLE", "add", "broadcast_to", "cross_entropy", "div", "exp", "index", "log", "log_softmax", "logsumexp",
    "matmul", "matrix_transpose", "mean", "mul", "neg", "one_hot", "op", "power", "reshape", "sigmoid", "softmax",
    "sqrt", "stack", "sub", "sum", "take", "tanh", "transpose", "unstack",
]  # fmt: skip
