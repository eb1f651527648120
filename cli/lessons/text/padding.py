"""The page on two ids that must not be one: that of padding and that of an unknown word."""

from __future__ import annotations

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.text.steps import aligned
from cli.lessons.text.story import parts, raw, sentences
from data import PAD, UNKNOWN, DataError, Vocab, padded, split_text
from data.ids import Ints

_MORE = 2  # places padded in the example


@experiment()
def padding() -> Result:
    """Held-out sentences, padded with the id of <unk>, and with one that is reserved."""
    training, read = parts()[0], sentences(split_text(raw(), 0.9, "word")[1])
    shared, apart = (Vocab.from_text(training, "word", reserved=names) for names in ((), (PAD,)))
    pad = int(apart.ids_of(PAD))
    words = sum(len(s.split()) for s in read)
    strangers = sum(w not in shared.tokens for s in read for w in s.split())
    rows = [shared.encode(s) for s in read]
    masked = sum(int((row != 0).sum()) for row in rows)
    kept = int((padded([apart.encode(s) for s in read], pad).ids != pad).sum())
    columns: tuple[Column, ...] = (("padded with", "text"), ("words", "count"), ("not padding", "count"))
    found = (("the id of <unk>", words, masked), ("an id of its own", words, kept))
    typed = apart.encode(f"a {PAD} b")[1]
    orders = [Vocab((PAD, "a", UNKNOWN), "word", (PAD,)), Vocab((UNKNOWN, PAD, "a"), "word", (PAD,))]
    both = sum(int(v.ids_of(PAD)) == v.unknown_id for v in orders)
    return Result(
        (
            _example(read, shared, apart),
            Table(columns, found, f"{len(read)} sentences of the held-out part"),
            Excerpt(refusal(rows), "\nwhat the project says to the first way"),
        ),
        (
            at_most("padded with <unk>: words lost, less unknown words", abs(words - masked - strangers), 0),
            at_least("words lost", words - masked, 20),
            at_most("padded with an id of its own: words lost", abs(words - kept), 0),
            at_most(
                f"{PAD} typed in a text: its id, less that of {UNKNOWN}", abs(int(typed) - (apart.unknown_id or 0)), 0
            ),
            at_most("whichever comes first in the vocabulary: ids that are both", both, 0),
            at_least("the project refuses to pad with an id that words have", float(refusal(rows) != ""), 1),
        ),
    )


def _example(read: list[str], shared: Vocab, apart: Vocab) -> Excerpt:
    """A short sentence with a word that is unknown, padded both ways."""
    sentence = next(s for s in read if 3 <= len(s.split()) <= 6 and shared.unknown(s))
    together = [*shared.encode(sentence), *[0] * _MORE]
    own = [*apart.encode(sentence), *[int(apart.ids_of(PAD))] * _MORE]
    tokens = [*sentence.split(), *[""] * _MORE]
    shown = aligned(("", "one id", "two ids"), tokens, *([str(i) for i in ids] for ids in (together, own)))
    return Excerpt(shown, f"\nthe last places are padding; nobody had met {shared.unknown(sentence)[0]}")


def refusal(rows: list[Ints]) -> str:
    """What the project says if it is asked to pad sentences with 0; empty if it does."""
    try:
        padded(rows, 0)
    except DataError as error:
        return str(error)
    return ""
