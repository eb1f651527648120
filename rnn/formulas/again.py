"""An equation of one family that holds in another as it is: entered once more, under an id of its own."""

from __future__ import annotations

from rnn.formulas.registry import REGISTRY, Witness, equation


def again(id: str, of: str, family: str, *, source: str = "", kernel: bool = False) -> None:
    """Enter equation `of` as `id` of another family, with its own source unless told another.

    The kernel is a witness there only if `kernel`.
    """
    e = REGISTRY[of]
    witnesses: tuple[Witness, ...] = tuple(w for w in e.witnesses if kernel or w != "fused")
    equation(
        id, family=family, gives=e.gives, text=e.text, latex=e.latex, source=source or e.source, title=e.title,
        over=e.over, witnesses=witnesses, derivation=e.derivation,
        note=f"equation {of} as it is" + (f": {e.note}" if e.note else ""),
    )(e.function)  # fmt: skip
