"""The pages on cleaning: what it takes away, what it glues together, and a text that comes in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.text.steps import changed, visible
from cli.lessons.text.story import raw
from data import CLEANINGS, KINDS
from data.pieces import cleaned_pieces
from data.text import cleaned

_EXAMPLE = "It was 5 o'clock.\nThe sea was calm."
_SHOWN = 3  # words that nobody wrote


@experiment()
def cleanings() -> Result:
    """Two lines and the story under every cleaning, and the words that one of them makes up."""
    text = raw()
    clean = {name: clean(text) for name, clean in CLEANINGS.items()}
    lines = sum(any(c.isalpha() for c in line) for line in text.split("\n"))
    glued, apart = clean["d2l-zh"].split(), clean["d2l-v1"].split()
    known = set(apart)
    invented = [word for word in dict.fromkeys(glued) if word not in known]
    letters = [clean[name].replace(" ", "") for name in ("d2l-zh", "d2l-v1")]
    columns: tuple[Column, ...] = (
        ("the story, cleaned by", "text"), ("characters", "count"), ("different", "count"), ("words", "count"),
    )  # fmt: skip
    rows = tuple((name, len(c), len(set(c)), len(c.split())) for name, c in clean.items())
    shown = "\n".join(f"{name:<8}{visible(CLEANINGS[name](_EXAMPLE))}" for name in CLEANINGS)
    return Result(
        (
            Excerpt(shown, "\n␣ is a space and ⏎ the end of a line"),
            Table(columns, rows),
            Excerpt(", ".join(invented[:_SHOWN]) + ", …", f"\n{len(invented)} words that nobody wrote, by d2l-zh"),
        ),
        (
            at_most("letters on which the two cleanings do not agree", changed(*letters), 0),
            at_most(
                "words lost by gluing, less line ends between words", abs(len(apart) - len(glued) - (lines - 1)), 0
            ),
            at_least("different words that nobody wrote", len(invented), 100),
        ),
    )


@experiment(piece=between(1, 64))
def in_pieces(piece: int = 16) -> Result:
    """The story in pieces, each cleaned by itself, or with a thought for the piece before."""
    text, rows, worst, least = raw(), [], 0, len(raw())
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    for cleaning, kind in (("d2l-v1", "char"), ("d2l-zh", "char"), ("d2l-v1", "word")):
        whole = _tokens([cleaned(text, cleaning, kind)], kind)
        alone = _tokens([cleaned(part, cleaning, kind) for part in pieces], kind)
        joined = _tokens(cleaned_pieces(pieces, cleaning, kind), kind)
        worst, least = max(worst, changed(joined, whole)), min(least, abs(len(alone) - len(whole)))
        rows.append((f"{cleaning}, {kind}", len(whole), len(alone) - len(whole), changed(joined, whole)))
    columns: tuple[Column, ...] = (
        ("cleaning, tokens", "text"), ("tokens", "count"), ("each alone", "count"), ("as one text", "count"),
    )  # fmt: skip
    caption = f"{len(pieces):,} pieces of {piece} characters: tokens too many or too few, and tokens that differ"
    return Result(
        (Table(columns, tuple(rows), caption),),
        (
            at_most("cleaned as one text: tokens that differ from the whole text's", worst, 0),
            at_least("cleaned each alone: tokens too many or too few, at the least", least, 1),
        ),
    )  # fmt: skip


def _tokens(pieces: Iterable[str], kind: str) -> list[str]:
    """The tokens of each piece, one after another."""
    return [token for piece in pieces for token in KINDS[kind].cut(piece)]
