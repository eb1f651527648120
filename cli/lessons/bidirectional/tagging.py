"""The pages on parts of speech: a word whose tag depends on what comes after it."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.bidirectional.language import TAGS, WORDS, ceiling, language, written
from cli.lessons.bidirectional.networks import VIEWS, Reader, View, fit, reader, size
from minigrad import no_grad

_PAIR = (
    ("the old man the boats .", "_ noun verb _ noun _"),
    ("the old man saw the boats .", "_ adj noun verb _ noun _"),
)
AHEAD = 1


@experiment()
def sentences() -> Result:
    """Two sentences with one beginning, and what the best tagger with each view of a sentence could get right."""
    best = {
        "the words up to it": ceiling("left"),
        "and one word more": ceiling("left", 1),
        "and two words more": ceiling("left", 2),
        "it and the words after it": ceiling("right"),
        "the whole sentence": ceiling("both"),
    }
    columns: tuple[Column, ...] = (("a tagger that sees", "text"), ("gets right at best", "share"))
    caption = f"over all {language().p.size:,} sentences of the language"
    return Result(
        (
            Excerpt("\n\n".join(written(*pair) for pair in _PAIR), "\nadj for adjective"),
            Table(columns, tuple(best.items()), caption),
        ),
        (
            at_least("the whole sentence tells every tag", best["the whole sentence"], 1.0 - 1e-12),
            at_most("its past does not, to anybody", best["the words up to it"], 0.9),
            at_most("its future alone does not either", best["it and the words after it"], 0.95),
        ),
    )


@cache
def tagger(view: View, ahead: int, units: int, updates: int, seed: int) -> Reader:
    """A trained tagger."""
    rng, everything = np.random.default_rng(seed), language()
    network = reader(len(WORDS), units, len(TAGS), view, rng, ahead)
    fit(network, lambda: everything.draw(32, rng), updates)
    return network


@experiment(units=between(8, 16, full=16), updates=between(150, 300, full=300))
def tagging(units: int = 12, updates: int = 150, *, seed: int) -> Result:
    """Taggers with equal numbers of weights, on every sentence of the language."""
    everything, rows, right = language(), [], {}
    kinds: tuple[tuple[View, int], ...] = (("left", 0), ("left", AHEAD), ("right", 0), ("both", 0))
    for view, ahead in kinds:
        network = tagger(view, ahead, units, updates, seed)
        with no_grad():
            scores = network(everything.ids, everything.lengths).data
        right[view, ahead] = everything.share_right(scores.argmax(-1))
        name = f"{VIEWS[view]}{', a word late' * ahead}"
        rows.append((name, str(size(network)), right[view, ahead], ceiling(view, ahead)))
    columns: tuple[Column, ...] = (("reads", "text"), ("weights", "text"), ("right", "share"), ("at best", "share"))
    over = max(right[view, ahead] - ceiling(view, ahead) for view, ahead in right)
    best_of_one = max(right["left", 0], right["right", 0])
    return Result(
        (Table(columns, tuple(rows), f"{updates} updates of 32 sentences each"),),
        (
            at_least("from both sides: share of words tagged right", right["both", 0], 0.97),
            at_least("both sides less the better single side", right["both", 0] - best_of_one, 0.05),
            at_least("from the left: as a share of what is possible there", right["left", 0] / ceiling("left"), 0.93),
            at_most("no network does better than its view allows", over, 1e-12),
        ),
    )
