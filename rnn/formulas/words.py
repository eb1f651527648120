"""The few words, besides @ .T * + −, that an equation's body may use. All vectors are columns (n, 1)."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def diag(v: Array) -> Array:
    """The diagonal matrix (n, n) of a column (n, 1)."""
    return np.diagflat(v)


def sigmoid(v: Array) -> Array:
    """σ(v) = 1 / (1 + exp(−v)), entry by entry; written with tanh, which cannot overflow."""
    return (1 + np.tanh(v / 2)) / 2


def relu(v: Array) -> Array:
    """The positive part, entry by entry."""
    return np.maximum(v, 0)


def positive(v: Array) -> Array:
    """1 where v > 0 and 0 elsewhere: the slope of relu."""
    return (v > 0).astype(v.dtype)


def softmax(v: Array) -> Array:
    """exp(vᵢ) / Σⱼ exp(vⱼ), computed without overflow."""
    e = np.exp(v - v.max())
    return e / e.sum()


def onehot(i: int, v: Array) -> Array:
    """The column like v with 1 in row i and 0 elsewhere."""
    return (np.arange(v.shape[0]) == i).astype(v.dtype)[:, None]


def entry(v: Array, i: int) -> float:
    """Row i of a column, as a number."""
    return float(v[i, 0])


def sum(terms: Iterable[Any]) -> Any:
    """Σ of arrays or numbers; as Python's, typed for arrays."""
    return builtins.sum(terms)


def steps(tau: int) -> range:
    """1 … τ."""
    return range(1, tau + 1)


def kron(a: Array, b: Array) -> Array:
    """a ⊗ b, the Kronecker product: the block of row i, column j is aᵢⱼ b."""
    return np.kron(a, b)


def vec(m: Array) -> Array:
    """The columns of a matrix below each other, as one column."""
    return m.reshape(-1, 1, order="F")


def matrix(v: Array, like: Array) -> Array:
    """The matrix of the shape of `like` that vec takes to the column v."""
    return v.reshape(like.shape, order="F")


def norm(m: Array) -> float:
    """The spectral norm: the most that m stretches a vector, its largest singular value."""
    return float(np.linalg.norm(m, 2))
