"""What a formula says, read three ways: from its Unicode text, from its LaTeX, from its function's source.

Each reading gives the same thing, a set of `Term(symbol, index)` such as ("∇h", "t+1") or ("W", ""). That they
agree is tested for every equation: what is printed is what is run. Small letters, columns, carry their time above
as in h⁽ᵗ⁾ [DLB]; capital ones, with samples as rows, below as in Hₜ, and a name as in W_xh [D2L].
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import getsource, signature
from textwrap import dedent
from typing import Any

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗ", "0123456789+-t")
_TO_SUPERSCRIPT = str.maketrans("0123456789+-t", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗ")
_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₜ", "0123456789+-t")
_TO_SUBSCRIPT = str.maketrans("0123456789+-t", "₀₁₂₃₄₅₆₇₈₉₊₋ₜ")
_GREEK = {"y_hat": "ŷ", "tau": "τ", "theta": "θ", "phi": "φ"}
_EARLIER = {"t+1": "t", "t": "t-1"}
_WORDS = r"softmax|onehot|tanh|diag|log|exp"
_INDEX = r"(?:⁽([^⁾]+)⁾)?"
_TEXT_TERM = re.compile(rf"∂(\w){_INDEX}/∂(\w){_INDEX}|(∇?[A-Za-zŷσθφ](?:_[a-z]+)?){_INDEX}")
_BELOW = re.compile(r"(?<!Σ)ₜ(?:[₊₋]₁)?")
_LATEX_TERM = re.compile(
    r"\\frac\{\\partial (\w)(?:\^\{\(([^)]*)\)\})?\}\{\\partial (\w)(?:\^\{\(([^)]*)\)\})?\}"
    r"|\\nabla_\{?(\w)(?:\^\{\(([^)]*)\)\})?\}? L"
    r"|(\\hat\{y\}|[A-Za-zθφ](?:_\{?[a-z]+\}?)?)(?:\^\{\(([^)]*)\)\})?"
)


@dataclass(frozen=True)
class Term:
    """A quantity, and at which time: index is "", "t", "t-1", "t+1", "τ" or a number."""

    symbol: str
    index: str


def symbol(name: str) -> str:
    """The symbol of a quantity from its Python name: grad_h → ∇h, y_hat → ŷ, dh_dh → ∂h/∂h."""
    if name.startswith("grad_"):
        return "∇" + symbol(name[5:])
    if re.fullmatch(r"d\w_d\w", name):
        return f"∂{name[1]}/∂{name[4]}"
    return _GREEK.get(name, name)


def name(symbol: str) -> str:
    """The Python name of a symbol: the reverse of `symbol`."""
    if symbol.startswith("∇"):
        return "grad_" + name(symbol[1:])
    if symbol.startswith("∂"):
        return f"d{symbol[1]}_d{symbol[-1]}"
    return {sign: word for word, sign in _GREEK.items()}.get(symbol, symbol)


def at(term: Term, t: int, tau: int) -> int | None:
    """The time that a term's index means at step t of τ, or None for a quantity without time."""
    if not term.index:
        return None
    if term.index == "τ":
        return tau
    if term.index.isdigit():
        return int(term.index)
    return t + int(term.index[1:] or 0)


def superscript(index: object) -> str:
    """A time as it is printed: 3 → ⁽³⁾, "t-1" → ⁽ᵗ⁻¹⁾."""
    return f"⁽{str(index).translate(_TO_SUPERSCRIPT)}⁾"


def numbered(text: str, t: int, tau: int) -> str:
    """The formula with its time indices as numbers: h⁽ᵗ⁻¹⁾ at t = 3 is h⁽²⁾."""

    def number(match: re.Match[str]) -> str:
        term = Term("", match[1].translate(_SUPERSCRIPT))
        return superscript(at(term, t, tau))

    def number_below(match: re.Match[str]) -> str:
        return str(at(Term("", match[0].translate(_SUBSCRIPT)), t, tau)).translate(_TO_SUBSCRIPT)

    return _BELOW.sub(number_below, re.sub(r"⁽([^⁾]+)⁾", number, text))


def label(term: Term) -> str:
    """A term as it is printed: ∇h⁽ᵗ⁾, Hₜ."""
    if len(term.symbol) == 1 and term.symbol.isupper() and term.index in ("t", "t-1", "t+1"):
        return term.symbol + term.index.translate(_TO_SUBSCRIPT)
    index = superscript(term.index) if term.index else ""
    if "/" in term.symbol:
        above, below = term.symbol.split("/")
        if above == "∂L":
            return f"{above}/{below}{index}"
        return f"{above}{index}/{below}{_before(term) if above == below else index}"
    return term.symbol + index


def _before(term: Term) -> str:
    return superscript(_EARLIER[term.index])


def read_text(text: str) -> set[Term]:
    """The terms of a formula in Unicode, such as "∇h⁽τ⁾ = Vᵀ ∇o⁽τ⁾"."""
    above = _BELOW.sub(lambda m: f"⁽{m[0].translate(_SUBSCRIPT)}⁾", text)
    bare = re.sub(_WORDS, " ", above).replace("Σₜ", " ")
    return {_term(*m.groups()) for m in _TEXT_TERM.finditer(bare)}


def read_latex(latex: str) -> set[Term]:
    """The terms of a formula in LaTeX, such as r"\\nabla_{h^{(\\tau)}} L = V^\\top \\nabla_{o^{(\\tau)}} L"."""
    above = re.sub(r"([A-Z])_(?:\{(t[-+\d]*)\}|(t)\b)", r"\1^{(\2\3)}", latex)
    greek = above.replace(r"\tau", "τ").replace(r"\theta", "θ").replace(r"\phi", "φ")
    bare = greek.replace(r"\sum_t", " ").replace(r"^\top", " ").replace(r"\top", "")
    bare = re.sub(rf"\\(operatorname\{{(?:{_WORDS})\}}|tanh|log|left|right|odot|quad)", " ", bare)
    terms = set()
    for m in _LATEX_TERM.finditer(bare):
        above, i, below, j, gradient, k, plain, n = m.groups()
        if above:
            terms.add(_term(above, i, below, j, None, None))
        else:
            base = "∇" + gradient if gradient else re.sub(r"[{}]", "", plain.replace(r"\hat{y}", "ŷ"))
            terms.add(_term(None, None, None, None, base, k or n))
    return terms


def _term(above: str | None, i: str | None, below: str | None, j: str | None, base: str | None, k: str | None) -> Term:
    clean = [(x or "").translate(_SUPERSCRIPT).replace(" ", "").replace("−", "-") for x in (i, j, k)]
    if base:
        return Term(base, clean[2])
    pair = f"∂{above}/∂{below}"
    if above == "L" and not clean[0]:
        return Term(pair, clean[1])
    if clean[1] == (_EARLIER.get(clean[0]) if above == below else clean[0]):
        return Term(pair, clean[0])
    return Term(pair, f"{clean[0]} over {clean[1]}")


def read_function(function: Callable[..., Any]) -> set[Term]:
    """The terms that a function's body uses: its arguments, with the time at which each is taken."""
    tree = ast.parse(dedent(getsource(function)))
    arguments = set(signature(function).parameters) - {"t", "tau"}
    terms: set[Term] = set()
    indexed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in arguments:
            index = ast.unparse(node.slice).replace(" ", "").replace("tau", "τ")
            terms.add(Term(symbol(node.value.id), index))
            indexed.add(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in arguments and node not in indexed:
            terms.add(Term(symbol(node.id), ""))
    return terms
