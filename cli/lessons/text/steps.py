"""The pages on the way from a text to ids, and on what a token may be."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.text.story import parts, raw, sentences
from data import KINDS, Vocab

ROOM = 44  # columns for tokens, beside a margin
SENTENCES = 20  # to choose from
PHRASE = "A café\nby the sea."
_WORDS = range(7, 12)  # of a sentence that is shown
_TRIED = 200  # texts thrown with dice


@cache
def repetitive() -> list[str]:
    """The story's shorter sentences in which words come twice, those with the most such words first."""
    short = [s for s in sentences(raw()) if len(s.split()) in _WORDS]
    return sorted(short, key=lambda s: len(set(s.split())) - len(s.split()))[:SENTENCES]


def aligned(names: Sequence[str], *rows: Sequence[str], room: int = ROOM) -> str:
    """Rows of as many cells each, cell below cell, in as many lines as that takes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    margin, lines, begin = max(map(len, names)) + 2, list[str](), 0
    while begin < len(widths):
        end = begin + 1
        while end < len(widths) and sum(widths[begin : end + 1]) + 2 * (end - begin) <= room:
            end += 1
        for name, row in zip(names, rows, strict=True):
            cells = (f"{cell:<{width}}" for cell, width in zip(row[begin:end], widths[begin:end], strict=True))
            lines.append(f"{name:<{margin}}{'  '.join(cells)}".rstrip())
        lines += [""] if end < len(widths) else []
        begin = end
    return "\n".join(lines)


@experiment(sentence=between(1, SENTENCES))
def one_sentence(sentence: int = 1) -> Result:
    """A sentence as text, as tokens and as ids, and back."""
    text = repetitive()[sentence - 1]
    vocab = Vocab.from_text(parts()[0] + " " + parts()[1], "word")
    tokens, ids = KINDS["word"].cut(text), vocab.encode(text)
    back = vocab.decode(ids)
    said = aligned(("tokens", "ids"), tokens, [str(i) for i in ids])
    lines = textwrap.wrap(text, ROOM)
    shown = "\n".join(f"{'text' if k == 0 else '':<8}{line}" for k, line in enumerate(lines))
    pairs = set(zip(tokens, ids.tolist(), strict=True))
    return Result(
        (
            Excerpt(
                f"{shown}\n\n{said}\n\nback    {textwrap.shorten(back, ROOM + 20)}", f"\n{len(vocab):,} different ids"
            ),
        ),
        (
            at_most("from ids back to text: words that have changed", changed(back.split(), text.split()), 0),
            at_most("pairs of token and id, less different tokens", len(pairs) - len(set(tokens)), 0),
            at_most("different tokens less different ids", len(set(tokens)) - len(set(ids.tolist())), 0),
            at_least("tokens less different ones: words that come again", len(tokens) - len(set(tokens)), 1),
        ),
    )


def changed(one: Sequence[str], other: Sequence[str]) -> int:
    """In how many places two sequences differ; those that only one of them has count too."""
    if one == other:
        return 0
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))


@experiment()
def kinds(*, rng: np.random.Generator) -> Result:
    """A phrase as characters, words and bytes; the story's size in each; texts thrown with dice, there and back."""
    story = raw()
    vocab = {kind: Vocab.from_text(story, kind) for kind in KINDS}
    steps = {kind: len(v.encode(story)) for kind, v in vocab.items()}
    cut = {kind: [visible(token) for token in KINDS[kind].cut(PHRASE)] for kind in KINDS}
    shown = "\n\n".join(
        aligned((kind, "ids"), tokens, list(map(str, vocab[kind].encode(PHRASE)))) for kind, tokens in cut.items()
    )
    columns: tuple[Column, ...] = (
        ("the story in", "text"),
        ("steps", "count"),
        ("ids", "count"),
        ("unknown above", "text"),
    )
    rows = tuple(
        (f"{v.unit}s", steps[kind], len(v), " ".join(v.unknown(PHRASE)) or "none") for kind, v in vocab.items()
    )
    tried = [thrown(rng) for _ in range(_TRIED)]
    lost = {kind: [text for text in tried if returned(text, kind) != text] for kind in KINDS}
    words = [text for text in tried if returned(text, "word").split() != text.split()]
    return Result(
        (
            Excerpt(shown, "\n␣ is a space and ⏎ the end of a line; id 0 is the unknown token but among bytes"),
            Table(columns, rows),
        ),
        (
            at_most(
                f"characters and bytes, of {_TRIED} texts thrown with dice: not given back",
                len(lost["char"]) + len(lost["byte"]),
                0,
            ),
            at_most("words: texts whose words are not given back", len(words), 0),
            at_least("words: texts whose white space is not given back", len(lost["word"]), 1),
            at_most(
                "steps of the story in words, as a share of those in characters", steps["word"] / steps["char"], 0.25
            ),
            at_least("different words, for each different character", len(vocab["word"]) / len(vocab["char"]), 10),
        ),
    )


def visible(token: str) -> str:
    """The token, with signs for white space."""
    return token.replace(" ", "␣").replace("\n", "⏎")


def returned(text: str, kind: str) -> str:
    """The text after a vocabulary made of it has numbered it and read the numbers."""
    vocab = Vocab.from_text(text, kind)
    return vocab.decode(vocab.encode(text))


def thrown(rng: np.random.Generator) -> str:
    """A text of characters from anywhere: letters, white space, accents, signs that take four bytes."""
    letters = [*"the sea \n\t é ß ω я 海 灯塔 😀", "e\u0301"]
    return "".join(rng.choice(letters, size=rng.integers(1, 40)))
