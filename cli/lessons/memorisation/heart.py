"""The pages on a text learned by heart: the two curves, what the network writes, and when one should have stopped."""

from __future__ import annotations

from itertools import islice

import numpy as np

from cli.lab.beginnings import piece
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lab.texts import Prepared
from cli.lessons.memorisation.copies import longest, pieces
from cli.lessons.memorisation.learnt import KNOBS, by_heart, kneser_ney, on, parts
from rnn.decoding import sample
from rnn.models import LanguageModel

WRITTEN, SHOWN, PROMPT = 400, 150, 20  # letters


@experiment(**KNOBS)
def two_curves(characters: int = 1000, units: int = 128, *, seed: int) -> Result:
    """Perplexity on the text that is being learned, and on text by the same author that is not."""
    text, learnt = piece(characters), by_heart(characters, units, seed)
    _, unread = parts(text)
    own, foreign = on(learnt.model, text.training), on(learnt.model, unread)
    counts = kneser_ney(text)
    counted = on(counts, unread)
    steps = [mark.step for mark in learnt.marks]
    curves = (
        curve("unread", steps, [mark.development for mark in learnt.marks]),
        curve("counting", (steps[0], steps[-1]), (counted, counted)),
        curve("read", steps, [mark.text for mark in learnt.marks]),
    )
    columns: tuple[Column, ...] = (("", "text"), ("read", "number"), ("unread", "number"))
    rows = (("the network", own, foreign), ("Kneser–Ney, 5 letters", on(counts, text.training), counted),
            ("uniform", float(len(text.vocab)), float(len(text.vocab))))  # fmt: skip
    return Result(
        (Plot("perplexity", curves, "updates", log=True), Table(columns, rows, about(text))),
        (
            at_most("perplexity on the text that was read", own, 1.25),
            at_least("perplexity on text that was not, to that of Kneser–Ney", foreign / counted, 2.5),
            at_least("unread to read", foreign / own, 15),
        ),
    )


def about(text: Prepared) -> str:
    """Which text it is."""
    return f"{text.corpus.title.split(',')[0]}, first {text.training.size:,} characters, V = {len(text.vocab)}"


def goes_on(model: LanguageModel, text: Prepared, place: int, rng: np.random.Generator, temperature: float) -> str:
    """What it writes after the letters of the text before a place."""
    prompt = text.training[place - PROMPT : place]
    return text.vocab.decode(list(islice(sample(model, prompt, temperature=temperature, rng=rng), WRITTEN)))


@experiment(**KNOBS)
def copied(characters: int = 1000, units: int = 128, *, seed: int) -> Result:
    """The longest runs that some writers have in common with the text that was read."""
    text, model = piece(characters), by_heart(characters, units, seed).model
    rng = np.random.default_rng([seed, 1])
    source = text.vocab.decode(text.training)
    place = int(rng.integers(PROMPT, text.training.size - WRITTEN))
    prompt = text.training[place - PROMPT : place]
    counted = kneser_ney(text).sample(WRITTEN, context=prompt, rng=rng)
    said = {
        "the network, most probable": goes_on(model, text, place, rng, 0.0),
        "the network, drawn": goes_on(model, text, place, rng, 1.0),
        "Kneser–Ney, drawn": text.vocab.decode(counted),
        "the author, elsewhere": text.vocab.decode(parts(text)[1][:WRITTEN]),
    }
    runs = {name: len(longest(written, source)) for name, written in said.items()}
    mean = {name: WRITTEN / len(pieces(written, source)) for name, written in said.items()}
    columns: tuple[Column, ...] = (("who writes", "text"), ("longest run", "count"), ("mean piece", "number"))
    recites, draws, _, author = said
    return Result(
        (
            *(Excerpt(_cut(said[name], source), name) for name in (recites, author)),
            Table(columns, tuple((name, runs[name], mean[name]) for name in said), f"of {WRITTEN} letters each"),
        ),
        (
            at_least("longest run that the network has copied", runs[recites], 100),
            at_most("longest run that the author repeats", runs[author], 30),
            at_least("drawn letter by letter: mean piece to that of the author", mean[draws] / mean[author], 1.1),
            at_most("pieces put together, less what was written", sum(map(_lost, said.values(), [source] * 4)), 0),
        ),
    )


def _cut(written: str, source: str) -> str:
    return "|".join(pieces(written[:SHOWN], source)).replace("\n", " ")


def _lost(written: str, source: str) -> int:
    return int("".join(pieces(written, source)) != written)


@experiment(**KNOBS)
def stopped(characters: int = 1000, units: int = 128, *, seed: int) -> Result:
    """The network at the end, and as it was when a part that it did not read was foretold best."""
    text, learnt = piece(characters), by_heart(characters, units, seed)
    _, unread = parts(text)
    best, counted = learnt.best, on(kneser_ney(text), unread)
    source = text.vocab.decode(text.training)
    writer = {"at the end": learnt.model, "stopped": learnt.stopped}
    found = {name: (on(model, text.training), on(model, unread)) for name, model in writer.items()}
    rng = np.random.default_rng([seed, 3])
    runs = {name: len(longest(goes_on(model, text, PROMPT, rng, 0.0), source)) for name, model in writer.items()}
    early, late = found["stopped"][1], found["at the end"][1]
    columns: tuple[Column, ...] = (("", "text"), ("updates", "count"), ("read", "number"), ("unread", "number"),
                                   ("longest run", "count"))  # fmt: skip
    steps = {"at the end": learnt.marks[-1].step, "stopped": best.step}
    rows = tuple((name, steps[name], *found[name], runs[name]) for name in writer)
    return Result(
        (Table(columns, rows, f"chosen on other text than the column “unread”; Kneser–Ney there: {counted:.1f}"),),
        (
            at_most("updates until then, to all", best.step / learnt.marks[-1].step, 0.6),
            at_most("unread: perplexity when stopped, to that at the end", early / late, 0.5),
            at_most("when stopped: unread to that of Kneser–Ney", early / counted, 1.6),
            at_most("when stopped: longest copied run to that at the end", runs["stopped"] / runs["at the end"], 0.5),
        ),
    )  # fmt: skip
