"""The pages on what both messages tell together: a sound that is missing, and the weather itself."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, Traces, at_least, at_most
from cli.lessons.hmm.house import (
    EVENINGS,
    LETTERS,
    LONG_AGO,
    NAMES,
    PROBLEMS,
    SOUNDS,
    STEPS,
    house,
    known,
    letters,
    record,
    short,
)
from cli.lessons.hmm.listing import Listing
from cli.lessons.hmm.messages import cases, off
from minigrad import relative_error
from minigrad.graph import Array
from rnn.baselines import HMM
from rnn.formulas import REGISTRY
from rnn.metrics import Ints
from rnn.verify import check
from rnn.witnesses import Problem, random_problem

STORM = NAMES.index("storm")
_TRACED = 96
_CAPTION = "a storm: whether there was one, P(storm | heard so far), P(storm | all that is heard)"


@experiment(steps=STEPS, problems=PROBLEMS, evenings=EVENINGS)
def smudged(steps: int = 4, problems: int = 10, evenings: int = 10_000, *, seed: int) -> Result:
    """P(xⱼ | all the rest), for each j; and what both sides are worth on a long record."""
    ids, model = short(steps, seed), house()
    told = model.left_out(ids)
    rows = tuple(
        (f"j = {j}", letters(ids[: j - 1]) + "·" + letters(ids[j:]), *told[j - 1]) for j in range(1, steps + 1)
    )
    columns: tuple[Column, ...] = (("", "text"), ("", "text"), *((f"P({c})", "number") for c in LETTERS))
    long, everywhere = record(evenings, seed).ids, house(LONG_AGO)
    before, around = (-float(f(long).mean()) for f in (everywhere.log_probs, everywhere.log_left_out))
    alone = -float(np.log(SOUNDS.T @ LONG_AGO)[long].mean())
    nats = (("nothing", alone), ("all before it", before), ("all before and after it", around))
    found = [(m, x, Listing(m, x)) for m, x in cases(steps, problems, seed)]
    return Result(
        (Table(columns, rows), Table((("knowing", "text"), ("nats", "number")), nats, "a sound of the long record")),
        (
            at_most("P(xⱼ | all the rest) is that of the lists, for every j", max(_left_out(*f) for f in found), 1e-12),
            at_most("so is equation HMM-8, divided by its sum",
                    max(off(known(m, x)["s"], listed.s, len(x)) for m, x, listed in found), 1e-12),
            at_least("what came before saves, in nats", alone - before, 0.05),
            at_least("and what came after saves besides", before - around, 0.03),
            at_most("the sound that stands at j has no say in it", _own_say(ids), 0),
        ),
    )  # fmt: skip


def _left_out(model: HMM, ids: Ints, listed: Listing) -> float:
    sums = np.array([listed.s(t) for t in range(1, len(ids) + 1)])
    return relative_error(model.left_out(ids), sums / sums.sum(axis=1, keepdims=True))


def _own_say(ids: Ints) -> float:
    other = ids.copy()
    other[1] = (other[1] + 1) % len(LETTERS)
    return float(np.abs(house().left_out(ids, 1) - house().left_out(other, 1)).max())


def guesses(ids: Ints) -> dict[str, Array]:
    """P(weather | what one goes by), (T, K), for one who goes by less or more."""
    model = house(LONG_AGO)
    alone = LONG_AGO * SOUNDS[:, ids].T
    return {
        "this evening alone": alone / alone.sum(axis=1, keepdims=True),
        "all up to it": np.exp(model.forward(ids).log_rows),
        "all, later ones too": model.posterior(ids),
    }


@experiment(evenings=EVENINGS)
def weather(evenings: int = 10_000, *, seed: int) -> Result:
    """How often the weather is named right, and how often one should have expected to be."""
    drawn = record(evenings, seed)
    told = guesses(drawn.ids)
    right = {name: float((p.argmax(axis=1) == drawn.states).mean()) for name, p in told.items()}
    sure = {name: float(p.max(axis=1).mean()) for name, p in told.items()}
    rows = tuple((name, right[name], sure[name]) for name in told)
    columns: tuple[Column, ...] = (("going by", "text"), ("right", "share"), ("expected", "share"))
    first = slice(0, _TRACED)
    storms = (
        ("was", (drawn.states[first] == STORM).astype(float)), ("then", told["all up to it"][first, STORM]),
        ("later", told["all, later ones too"][first, STORM]),
    )  # fmt: skip
    alone, past, both = right.values()
    return Result(
        (Traces(letters(drawn.ids[first]), tuple((n, tuple(v.tolist())) for n, v in storms), _CAPTION),
         Table(columns, rows, f"{evenings:,} evenings")),
        (
            at_least("the past names more than the evening alone: by, as a share", past - alone, 0.05),
            at_least("with the future it is more again: by", both - past, 0.03),
            at_most("it knows how sure it may be: expected and right differ at most by",
                    max(abs(right[name] - sure[name]) for name in told), 0.03),
        ),
    )  # fmt: skip


@experiment(problems=PROBLEMS)
def as_a_slope(problems: int = 10, *, rng: np.random.Generator) -> Result:
    """γ against the lists, against autograd's derivative of log P, and against differences."""
    drawn = [_random(rng) for _ in range(problems)]
    checks = check([REGISTRY[f"HMM-{k}"] for k in range(1, 13)], drawn)
    rows = tuple((c.equation.id, c.equation.text, c.engine, c.differences) for c in checks)
    columns: tuple[Column, ...] = (("eq.", "text"), ("", "text"), ("lists", "error"), ("diff.", "error"))
    (gamma,) = (c for c in checks if c.equation.id == "HMM-12")
    return Result(
        (Table(columns, rows, f"worst of {problems} random models"),),
        (
            at_most("every equation agrees with the lists", max(c.engine or 0 for c in checks), 1e-12),
            at_most("γ is how log P moves with log e: against autograd", gamma.engine or 0, 1e-12),
            at_most("and against differences", gamma.differences or 0, 1e-6),
        ),
    )


def _random(rng: np.random.Generator) -> Problem:
    sizes = {"steps": int(rng.integers(3, 6)), "hidden": int(rng.integers(2, 4)), "vocabulary": int(rng.integers(2, 5))}
    return random_problem("hmm", rng, inputs=1, **sizes)
