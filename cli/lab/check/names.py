"""The names under which students know the quantities."""

from __future__ import annotations

from collections.abc import Collection, Iterable

_SPELLINGS = {
    "W": ("Whh", "W_hh", "w_hh", "Waa", "w"),
    "U": ("Wxh", "W_xh", "Whx", "W_hx", "w_xh", "Wax", "u"),
    "V": ("Why", "W_hy", "W_hq", "Whq", "Wya", "w_hy", "v"),
    "b": ("bh", "b_h", "ba", "bias"),
    "c": ("by", "b_y", "b_q", "bq", "bo", "b_o"),
    "d": ("by", "b_y", "b_q", "bq"),
    "h": ("hs", "H", "states", "hidden"),
    "x": ("xs", "X", "inputs"),
    "o": ("os", "logits", "scores", "ys"),
    "s": ("logits", "scores", "ys"),
    "y_hat": ("ps", "p", "probs", "yhat", "y_pred", "P"),
    "y": ("targets", "labels", "ys", "target"),
    "h0": ("h_prev", "hprev", "h_init", "h_0", "h_start"),
    "c0": ("c_prev", "cprev", "c_init", "c_0"),
    "K": ("k", "window", "steps"),
}
"""Other spellings of a quantity, the common ones first."""

_PREFIXES = ("d", "g_", "g", "grad", "nabla_", "nabla", "dL_d", "dLd", "d_")


def aliases(known: Iterable[str]) -> dict[str, str]:
    """Every other name under which one of the known quantities may be asked for, with the quantity."""
    names = list(known)
    found: dict[str, str] = {}
    for name in names:
        for other in spellings(name, names):
            found.setdefault(other, name)
    return found


def spellings(name: str, known: Collection[str] = ()) -> list[str]:
    """Other spellings of one quantity; none that is a known quantity itself."""
    if name.startswith("grad_"):
        bases = [name.removeprefix("grad_"), *_of_letter(name.removeprefix("grad_"))]
        found = [f"grad_{b}" for b in bases] + [prefix + b for b in bases for prefix in _PREFIXES]
        found += ["dy", "dscores", "dlogits", "dys"] if name in ("grad_o", "grad_s") else []
    else:
        found = _of_letter(name)
    return [n for n in found if n != name and n not in known]


def _of_letter(name: str) -> list[str]:
    found = list(_SPELLINGS.get(name, ()))
    letter, _, gate = name.partition("_")
    if gate and letter in ("W", "U", "b", "a", "V"):  # W_r: Wr, W_hr, Whr
        between = {"W": "h", "U": "x"}.get(letter, "")
        found += [letter + gate, *((f"W_{between}{gate}", f"W{between}{gate}") if between else ())]
    return found
