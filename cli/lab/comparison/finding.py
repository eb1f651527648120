"""What a comparison comes to, in sentences made from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.lab.comparison.planning import Plan
from cli.lab.comparison.results import Row, best, preferred
from rnn.metrics import Evaluation

GOOD_COUNTING = ("modified-kneser-ney", "kneser-ney")
EVEN = 0.005  # bits per character that nobody would call a difference


def findings(plan: Plan, rows: Sequence[Row]) -> tuple[str, ...]:
    """Good counting against adding one, runs against counting, memory against foresight, and the floor, if known.

    Each smoothing stands here with the order that the development part prefers.
    """
    chosen = preferred(rows)
    overall = _lowest(*chosen.values())
    counted = _lowest(*(chosen[name] for name in GOOD_COUNTING if name in chosen)) or overall
    sentences = [
        *_counting(counted, chosen.get("laplace")),
        *_runs(overall, _lowest_held_out([row for row in rows if row.kind == "run"])),
        *_memory([row for row in rows if row.smoothing], plan.text.unit),
        *_floor(rows),
    ]
    return tuple(sentences)


def _counting(good: Row | None, laplace: Row | None) -> Iterator[str]:
    if good is None or laplace is None or good is laplace:
        return
    gap = laplace.held_out.bits_per_character - good.held_out.bits_per_character
    if abs(gap) <= EVEN:
        yield f"{_named(good)} and {_named(laplace)} come out even: little here is unseen, and adding one will do."
    elif gap > 0:
        share = 1 - good.held_out.perplexity / laplace.held_out.perplexity
        yield (
            f"{_named(good)} against {_named(laplace)}, counted from the same text: what is done about the unseen "
            f"takes {share:.0%} off the perplexity, {gap:.2f} bits per character."
        )
    else:
        yield f"{_named(good)} loses to {_named(laplace)} here, by {-gap:.2f} bits per character."


def _runs(good: Row | None, run: Row | None) -> Iterator[str]:
    if good is None:
        return
    if run is None:
        yield f"A network has to get below {_shown(good.held_out)} to have learnt more than counting gives."
        return
    gap = run.held_out.bits_per_character - good.held_out.bits_per_character
    if abs(gap) <= EVEN:
        yield f"{_named(run)} and {_named(good)} come out even."
    elif gap > 0:
        yield f"{_named(run)} loses to {_named(good)} by {gap:.2f} bits per character: counting is better here."
    else:
        yield f"{_named(run)} beats {_named(good)} by {-gap:.2f} bits per character: it knows what these counts do not."


def _memory(counting: Sequence[Row], unit: str) -> Iterator[str]:
    """The lowest training perplexity of all, and what it is worth."""
    if not counting:
        return
    row = min(counting, key=lambda row: row.train.nats)
    if row.held_out.nats > best(counting).held_out.nats:
        zeros = row.held_out.zero_events
        out = f"rules out {zeros:,} {unit if zeros == 1 else f'{unit}s'} held out"
        worth = out if zeros else f"is at {_shown(row.held_out)} on the part held out"
        yield f"{row.model} has the lowest training perplexity, {_shown(row.train)}, and {worth}: that is memory."


def _floor(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row.kind == "source":
            winner = best(rows)
            gap = winner.held_out.bits_per_character - row.held_out.bits_per_character
            side = "above" if gap >= 0 else "below"
            yield (
                f"The source's entropy is {row.held_out.bits_per_character:.3f} bits per character; "
                f"{winner.model} is {abs(gap):.3f} {side} it on this sample."
            )


def _lowest(*rows: Row) -> Row | None:
    """By the development part."""
    return min(rows, key=lambda row: row.development.nats if row.development else 0.0, default=None)


def _lowest_held_out(rows: Sequence[Row]) -> Row | None:
    return min(rows, key=lambda row: row.held_out.nats, default=None)


def _named(row: Row) -> str:
    return f"{row.model} ({_shown(row.held_out)})"


def _shown(measured: Evaluation) -> str:
    return "∞" if measured.zero_events else f"{measured.perplexity:.2f}"
