"""Mistakes that are common in programs and that a formula on paper does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from rnn.formulas import REGISTRY, Equation
from rnn.formulas.notation import name, superscript, symbol

Slip = tuple[str, str, Callable[[str], str]]
"""A name, a sentence, and the change to an equation's source; no change where it does not apply."""


def _of(pattern: str, by: str) -> Callable[[str], str]:
    return lambda code: re.sub(pattern, by, code)


_H = r"(\w+\[[^\]]+\])"  # a quantity with its index
SLIPS: tuple[Slip, ...] = (
    ("tanh twice", "tanh is applied once more: the value is tanh(a) already, and its slope is 1 minus its square.",
     _of(rf"1 - {_H} \*\* 2", r"1 - np.tanh(\1) ** 2")),
    ("σ twice", "σ is applied once more: the gate is σ(a) already, and its slope is σ (1 − σ).",
     _of(rf"{_H} \* \(1 - \1\)", r"(1 / (1 + np.exp(-\1))) * (1 - 1 / (1 + np.exp(-\1)))")),
    ("tanh(c) forgotten", "tanh is missing in its own slope: 1 − c² stands for 1 − tanh(c)².",
     _of(r"1 - np\.tanh\((\w+\[t\])\) \*\* 2", r"1 - \1 ** 2")),
    ("square of the difference", "The bracket stands in the wrong place: (1 − h)² for 1 − h².",
     _of(rf"1 - {_H} \*\* 2", r"(1 - \1) ** 2")),
    ("slope of σ", "The slope of σ stands where that of tanh belongs.",
     _of(rf"1 - {_H} \*\* 2", r"\1 * (1 - \1)")),
    ("slope of tanh", "The slope of tanh stands where that of σ belongs.",
     _of(rf"{_H} \* \(1 - \1\)", r"(1 - \1 ** 2)")),
    ("no slope of σ", "The slope of σ, as z (1 − z) is for z, is left out.", _of(rf"{_H} \* \(1 - \1\) \* ", "")),
    ("over the steps", "It is normalised over the steps; the probabilities of each step are to add up to 1.",
     _of(r"softmax\((\w+)\[t\]\)", r"np.exp(\1[t]) / sum(np.exp(\1[k]) for k in range(1, tau + 1))")),
    ("over everything", "It is normalised over all steps at once; the probabilities of each step are to add up to 1.",
     _of(r"softmax\((\w+)\[t\]\)", r"np.exp(\1[t]) / sum(np.sum(np.exp(\1[k])) for k in range(1, tau + 1))")),
    ("not normalised", "It is not divided by its sum: the probabilities of a step are to add up to 1.",
     _of(r"softmax\((\w+\[t\])\)", r"np.exp(\1 - np.max(\1))")),
    ("diagonal only", "Of the Jacobian of softmax only the diagonal ŷ (1 − ŷ) is there; the rest counts too.",
     _of(r"\(diag\(y_hat\[t\]\) - y_hat\[t\] @ y_hat\[t\]\.T\)", r"diag(y_hat[t] * (1 - y_hat[t]))")),
    ("by the probabilities", "That is the gradient by the probabilities; the way on, through softmax, is missing.",
     _of(r"y_hat\[t\] - onehot\(y\[t\], y_hat\[t\]\)", r"-onehot(y[t], y_hat[t]) / y_hat[t]")),
    ("squared error", "That is the gradient of a squared error, ŷ − onehot(y) times the slope of softmax.",
     _of(r"y_hat\[t\] - onehot\(y\[t\], y_hat\[t\]\)",
         r"y_hat[t] * (y_hat[t] - onehot(y[t], y_hat[t])) "
         r"- y_hat[t] * np.sum(y_hat[t] * (y_hat[t] - onehot(y[t], y_hat[t])))")),
)  # fmt: skip


def slips(e: Equation) -> Iterator[tuple[str, str, Equation]]:
    """The slips that the equation's source has room for: (name, sentence, equation)."""
    for slip, said, change in (*SLIPS, *_neighbours(e)):
        code = change(e.code)
        if code == e.code:
            continue
        if re.search(r"\btau\b", code) and "tau" not in e.arguments:
            code = code.replace("(", "(tau, ", 1)
        missing = set(re.findall(r"\b(\w+)\[t", code)) - set(e.arguments)
        if missing:
            code = code.replace("(", f"({', '.join(sorted(missing))}, ", 1)
        changed = e.rewritten(f"import numpy as np\n{code}")
        arguments = tuple(changed.function.__code__.co_varnames[: changed.function.__code__.co_argcount])
        yield slip, said, replace(changed, arguments=arguments)


def _neighbours(e: Equation) -> Iterator[Slip]:
    """In a sum over the steps another quantity, of this step or one beside it: h⁽ᵗ⁻¹⁾ for q⁽ᵗ⁾."""
    if "sum(" not in e.code:
        return
    for own, back in re.findall(r"\b(\w+)\[t( - 1| \+ 1)?\]", e.code):
        was = f"{own}[t{back}]"
        others = [n for n in _series(e.family) if n != own and n.startswith("grad_") == own.startswith("grad_")]
        for other, step in product(others, ("", " - 1", " + 1")):
            if step != back:
                now = f"{other}[t{step}]"
                said = f"{_printed(other, step)} stands where {_printed(own, back)} belongs."
                yield now, said, _of(re.escape(was), now)


def _printed(name: str, step: str) -> str:
    return symbol(name) + superscript("t" + step.replace(" ", ""))


@cache
def _series(family: str) -> tuple[str, ...]:
    """The quantities of a family that have a step and nothing else."""
    given = [e.given for e in REGISTRY.values() if e.family == family and not e.expected_to_fail]
    return tuple(dict.fromkeys(name(term.symbol) for term in given if term.index == "t"))
