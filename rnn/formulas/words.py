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
