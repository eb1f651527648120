"""The pages on what belongs beside a perplexity: the token, the text, and who was allowed to look."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lab.texts import prepare
from cli.lessons.ngrams.book import BOOK, CLEANING, Book, Split
from cli.lessons.perplexity.predictors import BothSides, as_written, counts, letters
from rnn.baselines import NGram
from rnn.errors import RnnError
from rnn.metrics import Evaluation, evaluate, perplexity

_KINDS = (
    ("letters", "char", "none", 6), ("bytes", "byte", "none", 6), ("words", "word", "none", 2),
    ("letters, clean", "char", CLEANING, 6),
)  # fmt: skip
_FIRST = 10_000  # letters, as many as a book's networks are trained on


@experiment(book=BOOK)
def units(book: int = 0, *, rng: np.random.Generator) -> Result:
    """One text in letters, bytes and words, and in letters once more after cleaning."""
    found: dict[str, tuple[Evaluation, int, float]] = {}
    for name, tokens, clean, order in _KINDS:
        text = prepare(as_written(book).name, clean=clean, tokens=tokens)
        model = NGram(order, "modified-kneser-ney").fit(text.training, vocabulary=len(text.vocab))
        measured = evaluate(model, text.held_out, rng=rng, characters=text.held_out_characters)
        found[name] = measured, text.held_out_characters, text.unseen / text.held_out.size
    rows = tuple(
        (name, e.tokens, f"{e.perplexity:,.2f}", e.bits_per_character, unknown)
        for name, (e, _, unknown) in found.items()
    )
    columns: tuple[Column, ...] = (
        ("tokens are", "text"), ("tokens", "count"), ("perplexity", "text"), ("bits", "number"),
        ("unknown", "share"),
    )  # fmt: skip
    chars, _, words, cleaned = (e for e, _, _ in found.values())
    off = max(
        abs(e.bits_per_character - np.log2(e.perplexity) * e.tokens / characters) for e, characters, _ in found.values()
    )
    return Result(
        (Table(columns, rows, "perplexity is per token, bits are per letter"),),
        (
            at_most("bits per letter, and log₂ of the perplexity times tokens per letter: apart by", off, 1e-9),
            at_least("perplexity of words, to that of letters", words.perplexity / chars.perplexity, 20),
            at_most("bits per letter of words, to those of letters",
                    words.bits_per_character / chars.bits_per_character, 1.5),
            at_least("bits per letter that cleaning takes away", chars.bits_per_character - cleaned.bits_per_character,
                     0.02),
        ),
    )  # fmt: skip


@experiment(book=BOOK)
def own_text(book: int = 0) -> Result:
    """Ever longer memories on the text that they have counted, and on another part."""
    it = as_written(book)
    learn, size = it.whole.learn[:_FIRST], it.whole.vocabulary
    own, rest = Split(learn, learn, size), Split(learn, it.whole.ask, size)
    orders = range(1, 9)
    found = {name: [perplexity(part.nats(n, "witten-bell")) for n in orders]
             for name, part in (("own", own), ("held out", rest))}  # fmt: skip
    columns: tuple[Column, ...] = (("n", "text"), ("own", "number"), ("held out", "number"))
    rows = tuple((str(n), *values) for n, *values in zip(orders, *found.values(), strict=True))
    best = min(found["held out"])
    return Result(
        (Plot("perplexity of Witten–Bell", tuple(curve(name, orders, v) for name, v in found.items()), "n", log=True),
         Table(columns, rows, f"{learn.size:,} letters counted")),
        (
            at_most("the longest memory on its own text: perplexity", found["own"][-1], 1.3),
            at_least("and on the part held out", found["held out"][-1], 4),
            at_least("it is worse there than the best memory, by a factor of", found["held out"][-1] / best, 1.02),
            at_least("its own text, from each order to the next, is easier by a factor of",
                     min(a / b for a, b in zip(found["own"], found["own"][1:], strict=False)), 1.01),
        ),
    )  # fmt: skip


def both_sides(it: Book) -> BothSides:
    """Counts of the text, and of the text read backwards."""
    back = Split(it.whole.learn[::-1].copy(), it.whole.ask, it.whole.vocabulary)
    return BothSides(counts(it), back.model(6, "modified-kneser-ney"), letters(it))


@experiment(book=BOOK)
def looking_ahead(book: int = 0, *, rng: np.random.Generator) -> Result:
    """A model that reads from both sides, its losses averaged by hand, and given to evaluate."""
    it = as_written(book)
    model, text = both_sides(it), it.whole.ask
    by_hand = perplexity(-float(model.log_probs(text).mean()))
    honest = evaluate(counts(it), text, rng=rng)
    said = refusal(model, it, rng)
    rows = (("counts, left to right", f"{honest.perplexity:.2f}", f"{honest.perplexity:.2f}"),
            ("counts from both sides", f"{by_hand:.2f}", "refused" if said else "taken"))  # fmt: skip
    columns: tuple[Column, ...] = (("", "text"), ("averaged", "text"), ("by evaluate", "text"))
    return Result(
        (Table(columns, rows, said.partition(";")[0]),),
        (
            at_most("from both sides and averaged, to the honest model", by_hand / honest.perplexity, 0.75),
            at_least("evaluate refuses it", bool(said), 1),
        ),
    )


def refusal(model: BothSides, it: Book, rng: np.random.Generator) -> str:
    """What evaluate says against a model; nothing if it does not mind."""
    try:
        evaluate(model, it.whole.ask, rng=rng)
    except RnnError as error:
        return str(error)
    return ""
