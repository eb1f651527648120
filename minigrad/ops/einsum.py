"""Einstein's summation: any product of arrays, named by letters. It is made of matrix products and transposes.

Two operands at a time, from left to right: `_pair` sorts the letters of both into those that both have and the
result needs (a batch), those that are summed over, and those of one operand alone, and so finds a matrix product.
"""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.graph import Variable
from minigrad.ops.indexing import index
from minigrad.ops.linear import matmul
from minigrad.ops.reduce import sum
from minigrad.ops.samples import Sample, shapes
from minigrad.ops.shape import reshape, transpose
from minigrad.ops.table import composed


def _sample(subscripts: str, *inputs: tuple[int, ...]) -> Sample:
    return lambda rng: (subscripts, *shapes(*inputs)(rng))


@composed(
    samples=[
        _sample("ij,jk->ik", (2, 3), (3, 4)),
        _sample("ij,jk", (2, 3), (3, 2)),
        _sample("bij,bkj->bik", (2, 2, 3), (2, 4, 3)),
        _sample("i,j->ji", (2,), (3,)),
        _sample("ij,ij->", (2, 3), (2, 3)),
        _sample("ij->j", (2, 3)),
        _sample("ba", (2, 3)),
        _sample("ii->i", (3, 3)),
        _sample("iji,jk->ki", (2, 3, 2), (3, 2)),
        _sample("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        _sample("b,bi,bj->bij", (2,), (2, 3), (2, 2)),
        _sample("ij,k->k", (2, 3), (2,)),
        _sample("...ij,...jk->...ik", (4, 2, 3), (3, 2)),
        _sample("b...,...->...b", (2, 3, 2), (3, 1)),
        _sample("...j,j...k", (2, 1, 3), (3, 4, 2)),
        _sample("ij,jk->ik", (2, 0), (0, 3)),
        _sample(",i->i", (), (3,)),
    ]
)
def einsum(subscripts: str, *operands: Any) -> Any:
    """As np.einsum: a letter for each axis of each operand, then, after ->, those of the result; others are summed.

    Without -> the result has the letters that occur once, in alphabetical order. A letter twice in one operand is
    its diagonal; ... stands for axes that broadcast. Equal letters have equal lengths. Operands are multiplied from
    left to right: put those first whose product is small.
    """
    operands = tuple(x if isinstance(x, Variable) else np.asarray(x) for x in operands)
    terms, result = _read(subscripts, operands)
    pairs = [_diagonal(x, term) for x, term in zip(operands, terms, strict=True)]
    x, term = pairs[0]
    for k, (other, letters) in enumerate(pairs[1:], 2):
        needed = {*result, *(c for _, later in pairs[k:] for c in later)}
        x, term = _pair(*_alone(x, term, needed | {*letters}), *_alone(other, letters, needed | {*term}), needed)
    x, term = _alone(x, term, set(result))
    return x if term == result else transpose(x, tuple(map(term.index, result)))


def _read(subscripts: str, operands: tuple[Any, ...]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with letters of their own for the axes behind the dots."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise _misfit(subscripts, operands, f"give {len(terms)} operands, one for each term")
    hidden = [np.ndim(x) - len(t.replace("...", "")) if "..." in t else 0 for x, t in zip(operands, terms, strict=True)]
    free = [c for c in string.ascii_letters if c not in subscripts]
    dots = "".join(free[: max(*hidden, 0)])
    terms = [t.replace("...", dots[len(dots) - n :] if n > 0 else "", 1) for t, n in zip(terms, hidden, strict=True)]
    _check(subscripts, operands, terms, dots)
    if arrow:
        result = right.replace("...", dots, 1)
    else:
        result = dots + "".join(sorted(c for c in {*left} - {*",."} if left.count(c) == 1))
    if not {*result} <= {*"".join(terms)} or len({*result}) < len(result) or not {*dots} <= {*result}:
        raise _misfit(subscripts, operands, "the result takes letters of the operands, each once, and ... if they do")
    return terms, result


def _check(subscripts: str, operands: tuple[Any, ...], terms: list[str], dots: str) -> None:
    lengths: dict[str, int] = {}
    for x, term in zip(operands, terms, strict=True):
        if not {*term} <= {*string.ascii_letters} or len(term) != np.ndim(x):
            raise _misfit(subscripts, operands, "give one letter for each axis of each operand")
        for letter, n in zip(term, x.shape, strict=True):
            known = lengths.setdefault(letter, n)
            if letter in dots and known == 1:
                lengths[letter] = n
            elif n != known and not (letter in dots and n == 1):
                raise _misfit(subscripts, operands, f"{letter!r} is {known} and {n} long; make them equal")


def _misfit(subscripts: str, operands: tuple[Any, ...], remedy: str) -> ShapeError:
    found = " and ".join(str(np.shape(x)) for x in operands)
    return ShapeError(f"einsum: shapes {found} with {subscripts!r} do not fit; {remedy}")


def _diagonal(x: Any, term: str) -> tuple[Any, str]:
    """One axis for each letter: where a letter occurs twice, only the entries with equal indices."""
    letters = "".join(dict.fromkeys(term))
    if letters == term:
        return x, term
    mesh = dict(zip(letters, np.ogrid[tuple(slice(x.shape[term.index(c)]) for c in letters)], strict=True))
    return index(x, tuple(mesh[c] for c in term)), letters


def _alone(x: Any, term: str, needed: set[str]) -> tuple[Any, str]:
    """Sum over the axes that nothing else needs."""
    axes = tuple(i for i, c in enumerate(term) if c not in needed)
    return (sum(x, axes), "".join(c for c in term if c in needed)) if axes else (x, term)


def _pair(a: Any, left: str, b: Any, right: str, needed: set[str]) -> tuple[Any, str]:
    """The product of two operands, of which every letter is needed or in both, and the letters of its axes."""
    both = [c for c in left if c in right]
    batch, summed = [c for c in both if c in needed], [c for c in both if c not in needed]
    rows, columns = [c for c in left if c not in both], [c for c in right if c not in both]
    letters = "".join([*batch, *rows, *columns])
    if not summed:
        return _spread(a, left, letters) * _spread(b, right, letters), letters
    product = matmul(_grouped(a, left, batch, rows, summed), _grouped(b, right, batch, summed, columns))
    shape = (*(a.shape[left.index(c)] for c in rows), *(b.shape[right.index(c)] for c in columns))
    return product.reshape((*product.shape[: len(batch)], *shape)), letters


def _spread(x: Any, term: str, letters: str) -> Any:
    """The axes of x in the order of `letters`, with axes of length 1 for those it lacks."""
    x = transpose(x, tuple(term.index(c) for c in letters if c in term))
    lengths = iter(x.shape)
    return reshape(x, tuple(next(lengths) if c in term else 1 for c in letters))


def _grouped(x: Any, term: str, batch: list[str], rows: list[str], columns: list[str]) -> Any:
    """x as matrices: the axes of `batch` first, then all of `rows` as one axis, then all of `columns` as one."""
    x = transpose(x, tuple(term.index(c) for c in (*batch, *rows, *columns)))
    n, m = len(batch), len(batch) + len(rows)
    return reshape(x, (*x.shape[:n], math.prod(x.shape[n:m]), math.prod(x.shape[m:])))
