"""What a formula says, read three ways: from its Unicode text, from its LaTeX, from its function's source.

Each reading gives the same thing, a set of `Term(symbol, index)` such as ("∇h", "t+1") or ("W", ""). That they
agree is tested for every equation: what is printed is what is run. Small letters, columns, carry their time above
as in h⁽ᵗ⁾ [DLB]; capital ones, with samples as rows, below as in Hₜ, and a name as in W_xh [D2L].
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗˡᵏ", "0123456789+-tlk")
_TO_SUPERSCRIPT = str.maketrans("0123456789+-tlk", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗˡᵏ")
_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₜ", "0123456789+-t")
_TO_SUBSCRIPT = str.maketrans("0123456789+-t", "₀₁₂₃₄₅₆₇₈₉₊₋ₜ")
_LETTERS = {
    "tau": "τ", "theta": "θ", "phi": "φ", "delta": "δ", "xi": "ξ", "nu": "ν", "rho": "ρ", "alpha": "α", "beta": "β",
    "gamma": "γ", "pi": "π", "epsilon": "ε",
}  # fmt: skip
_GREEK = {**_LETTERS, "y_hat": "ŷ", "Y_hat": "Ŷ", "depth": "λ", "chunks": "κ"}  # Python's names of symbols
_LATEX_GREEK = {**_LETTERS, "lambda": "λ", "kappa": "κ"}
_NAMES = {sign: word for word, sign in _GREEK.items()}
_ENDS = {"t": "tau", "l": "depth", "k": "chunks"}  # an index, and the quantity that says how far it runs
_ROWS = "XHOAMYŶ"  # written with time below: samples are their rows
_EARLIER = {"t+1": "t", "t": "t-1"}
_WORDS = r"softmax|onehot|tanh|diag|log|exp|relu|positive|kron|vec|matrix|norm|min|max|σ"
_SIGNS = "ŷŶθφδξνραβγπε"  # letters that stand for quantities, besides a–z and A–Z
_NAME = r"[A-Za-z](?:_[A-Za-z]+)?"
_INDEX = r"(?:⁽([^⁾]+)⁾)?"
_TEXT_TERM = re.compile(rf"∂({_NAME}){_INDEX}/∂({_NAME}){_INDEX}|(∇?(?:{_NAME}|[{_SIGNS}](?:_[a-z\d]+)?)){_INDEX}")
_BELOW = re.compile(rf"(?<!Σ)ₜ(?:[₊₋]₁)?|(?<=[{_ROWS}])[₀-₉]")
_LATEX_NAME = r"[A-Za-z](?:_\{?[A-Za-z]+\}?)?"
_LATEX_INDEX = r"(?:\^\{\(([^)]*)\)\})?"
_LATEX_TERM = re.compile(
    rf"\\frac\{{\\partial ({_LATEX_NAME}){_LATEX_INDEX}\}}\{{\\partial ({_LATEX_NAME}){_LATEX_INDEX}\}}"
    rf"|\\nabla_\{{?({_LATEX_NAME}|[ŷŶ]){_LATEX_INDEX}\}}? L"
    rf"|((?:[A-Za-z{_SIGNS}])(?:_\{{?[A-Za-z\d]+\}}?)?){_LATEX_INDEX}"
)


@dataclass(frozen=True)
class Term:
    """A quantity, and at which time or layer and time: "", "t", "t-1", "τ", a number, or "l,t-1"."""

    symbol: str
    index: str


def symbol(name: str) -> str:
    """The symbol of a quantity from its Python name: grad_h → ∇h, y_hat → ŷ, dh_dh → ∂h/∂h."""
    if name.startswith("grad_"):
        return "∇" + symbol(name[5:])
    if re.fullmatch(r"d\w_d\w", name):
        return f"∂{name[1]}/∂{name[4]}"
    base, mark, below = name.partition("_")
    return _GREEK.get(name) or _GREEK.get(base, base) + mark + below


def name(symbol: str) -> str:
    """The Python name of a symbol: the reverse of `symbol`."""
    if symbol.startswith("∇"):
        return "grad_" + name(symbol[1:])
    if symbol.startswith("∂"):
        return f"d{symbol[1]}_d{symbol[-1]}"
    return _NAMES.get(symbol[:1], symbol[:1]) + symbol[1:]


def end(variable: str, values: Mapping[str, Any]) -> int:
    """How far an index runs: τ for t, λ for l, κ for k."""
    return int(values[_ENDS[variable]])


def variables(term: Term) -> list[str]:
    """The index variables of a term: ["l", "t"] for h⁽ˡ,ᵗ⁻¹⁾."""
    return [part[0] for part in term.index.split(",") if part and part[0] in _ENDS]


def index(term: Term, values: Mapping[str, Any], where: Mapping[str, int]) -> Any:
    """The number, or the tuple of numbers, that a term's index means at a place; None for a term without one."""
    if not term.index:
        return None
    parts = tuple(_number(part, values, where) for part in term.index.split(","))
    return parts if len(parts) > 1 else parts[0]


def _number(part: str, values: Mapping[str, Any], where: Mapping[str, int]) -> int:
    if part.isdigit():
        return int(part)
    first, offset = part[0], int(part[1:] or 0)
    return offset + (where[first] if first in where else int(values[name(first)]))


def places(over: str, values: Mapping[str, Any]) -> list[dict[str, int]]:
    """Every place that "l = 1 … λ, t = τ−1 … 1" means, in the order of print; one without indices for ""."""
    clauses = [clause.replace("−", "-").replace("…", " ").split() for clause in over.split(",") if clause]
    names = [variable for variable, *_ in clauses]
    ranges = [_range(_number(a, values, {}), _number(b, values, {}), a.isdigit()) for _, _, a, b in clauses]
    return [dict(zip(names, numbers, strict=True)) for numbers in product(*ranges)]


def _range(first: int, last: int, upwards: bool) -> range:
    return range(first, last + 1) if upwards else range(first, last - 1, -1)


def superscript(index: object) -> str:
    """A time as it is printed: 3 → ⁽³⁾, "t-1" → ⁽ᵗ⁻¹⁾."""
    return f"⁽{str(index).translate(_TO_SUPERSCRIPT)}⁾"


def numbered(text: str, values: Mapping[str, Any], where: Mapping[str, int]) -> str:
    """The formula with its indices as numbers: h⁽ᵗ⁻¹⁾ at t = 3 is h⁽²⁾. An index that is summed over stays."""

    def number(match: re.Match[str]) -> str:
        term = Term("", match[1].translate(_SUPERSCRIPT))
        if any(v not in where for v in variables(term)):
            return match[0]
        found = index(term, values, where)
        return superscript(",".join(map(str, found)) if isinstance(found, tuple) else found)

    def number_below(match: re.Match[str]) -> str:
        term = Term("", match[0].translate(_SUBSCRIPT))
        return str(index(term, values, where)).translate(_TO_SUBSCRIPT) if "t" in where else match[0]

    return _BELOW.sub(number_below, re.sub(r"⁽([^⁾]+)⁾", number, text))


def label(term: Term) -> str:
    """A term as it is printed: ∇h⁽ᵗ⁾, Hₜ."""
    if term.symbol.lstrip("∇") in {*_ROWS} and (term.index in ("t", "t-1", "t+1") or term.index.isdigit()):
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
    bare = re.sub(_WORDS, " ", re.sub("Σ[ₜₗₖ]", " ", above))
    return {_term(*m.groups()) for m in _TEXT_TERM.finditer(bare)}


def read_latex(latex: str) -> set[Term]:
    """The terms of a formula in LaTeX, such as r"\\nabla_{h^{(\\tau)}} L = V^\\top \\nabla_{o^{(\\tau)}} L"."""
    hats = latex.replace(r"\hat{y}", "ŷ").replace(r"\hat{Y}", "Ŷ")
    above = re.sub(r"([A-ZŶ])_(?:\{(t[-+\d]*)\}|(t)\b)", r"\1^{(\2\3)}", hats)
    above = re.sub(rf"([{_ROWS}])_(\d)", r"\1^{(\2)}", above)
    greek = re.sub(r"\\([a-z]+)", lambda m: _LATEX_GREEK.get(m[1], m[0]), above)
    bare = re.sub(r"\\sum_[tlk]", " ", greek).replace(r"^\top", " ").replace(r"\top", "")
    bare = re.sub(
        rf"\\(operatorname\{{(?:{_WORDS})\}}|tanh|log|exp|min|max|sqrt|sigma|left|right|odot|otimes|leq|quad|cdot|qquad)",
        " ",
        bare,
    )
    terms = set()
    for m in _LATEX_TERM.finditer(bare):
        over, i, below, j, gradient, k, plain, n = (re.sub(r"[{}]", "", x) if x else x for x in m.groups())
        base = "∇" + gradient if gradient else plain
        terms.add(_term(over, i, below, j, base, k or n))
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


def read_source(code: str) -> set[Term]:
    """The terms that a function's body uses: its arguments, with the index at which each is taken."""
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = {a.arg for a in function.args.args} - {*_ENDS, *_ENDS.values()}
    terms: set[Term] = set()
    indexed: set[ast.AST] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in arguments:
            written = ast.unparse(node.slice).strip("()").replace(" ", "")
            terms.add(Term(symbol(node.value.id), re.sub("tau|depth|chunks", lambda m: _GREEK[m[0]], written)))
            indexed.add(node.value)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in arguments and node not in indexed:
            terms.add(Term(symbol(node.id), ""))
    return terms
