"""The pages on reading backwards: what stood before, and one probability from both ends."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Result, Table, at_least, at_most
from cli.lessons.markov.ahead import PROBLEMS
from cli.lessons.markov.counting import astray, counts, shares, table
from cli.lessons.markov.weather import KNOBS, NAMES, SURE, WEATHER, diary, random_table, weather
from minigrad import relative_error
from minigrad.graph import Array
from rnn.baselines import MarkovChain
from rnn.formulas import evaluate, find
from rnn.formulas.registry import Values
from rnn.metrics import Ints

SUMMER = np.array([0.8, 0.1, 0.1])  # how a diary begins that somebody starts on a fine day


@experiment(**KNOBS)
def backwards(days: int = 8000, *, seed: int) -> Result:
    """The table for yesterday, by Bayes and by counting the diary from its end."""
    ids, chain = diary(days, seed), weather()
    behind, counted = chain.reversed(), counts(ids[::-1])
    by_bayes = _known(WEATHER, chain.stationary(), ids[:2])["R"][1]
    return Result(
        (
            table("today", WEATHER, "tomorrow"),
            table("today", behind.transition, "yesterday, by Bayes"),
            table("today", shares(counted), "yesterday, counted"),
        ),
        (
            at_most("reversed() is MARKOV-11", relative_error(behind.transition, by_bayes), 1e-12),
            at_most("it and the diary read from its end: apart by (standard errors)",
                    astray(counted, behind.transition), SURE),
            at_least("the table for tomorrow, used for yesterday: apart by", astray(counted, WEATHER), 4 * SURE),
            at_most("turned round twice, it is the chain again",
                    relative_error(behind.reversed().transition, WEATHER), 1e-12),
        ),
    )  # fmt: skip


def _known(A: Array, p: Array, ids: Ints) -> Values:
    """All quantities of the family for a text: f, g, R and the others."""
    y = np.eye(len(A))[ids][:, :, None]
    given = {"A": A, "p": p[:, None], "y": dict(enumerate(y, 1)), "u": np.ones((len(A), 1)), "I": np.eye(len(A))}
    return evaluate(find("markov"), {**given, "tau": len(ids)})


@experiment(length=between(3, 8), problems=PROBLEMS)
def both_ways(length: int = 5, problems: int = 10, *, seed: int) -> Result:
    """The probability of the diary's first days from both ends, with a start that is not stationary."""
    ids = diary(8000, seed)[:length]
    known, chain = _known(WEATHER, SUMMER, ids), MarkovChain.of(WEATHER, SUMMER)
    ahead, behind = (np.exp(logs(ids)) for logs in (chain.log_probs, chain.log_probs_backwards))
    rows = [(f"t = {t}", NAMES[i], f"{a:.3f}", f"{b:.3f}")
            for t, (i, a, b) in enumerate(zip(ids, ahead, behind, strict=True), 1)]  # fmt: skip
    rows.append(("", "all", f"{ahead.prod():.3g}", f"{behind.prod():.3g}"))
    columns: tuple[Column, ...] = (("", "text"), ("", "text"), ("forwards", "text"), ("backwards", "text"))
    rng = np.random.default_rng([seed, 5])
    drawn = [_random(length, rng) for _ in range(problems)]
    R = known["R"]
    still = _known(WEATHER, weather().stationary(), ids)["R"]
    return Result(
        (Table(columns, tuple(rows), "given the day before, and given the day after"),
         Matrices((("R⁽¹⁾", R[1]), ("R⁽²⁾", R[2])))),
        (
            at_most("f and g, equations MARKOV-9 and MARKOV-13, end in one number",
                    relative_error(np.float64(known["f"][length]), np.float64(known["g"][1])), 1e-12),
            at_most("MarkovChain's two sums of logarithms give it too", _apart(chain, ids, known["f"][length]),
                    1e-12),
            at_most(f"so with {problems} random chains, starts and texts", max(_both(*d) for d in drawn), 1e-12),
            at_most("of all texts of that length, the chances backwards sum to one",
                    abs(_everything(chain, length) - 1), 1e-12),
            at_most("each row of R⁽ᵗ⁾ sums to one",
                    float(np.abs(np.stack([*R.values()]).sum(axis=2) - 1).max()), 1e-12),
            at_least("with this start the way back changes from day to day", float(np.abs(R[1] - R[2]).max()), 0.05),
            at_most("with a stationary start it does not", float(np.abs(still[1] - still[2]).max()), 1e-12),
        ),
    )  # fmt: skip


def _apart(chain: MarkovChain, ids: Ints, expected: float) -> float:
    """How far a chain's two factorisations lie from a probability at most, in nats."""
    found = chain.log_joint(ids), chain.log_joint(ids, "backwards")
    return max(abs(log - float(np.log(expected))) for log in found)


def _random(length: int, rng: np.random.Generator) -> tuple[Array, Array, Ints]:
    size = int(rng.integers(2, 6))
    return random_table(size, rng), rng.dirichlet(np.ones(size)), rng.integers(0, size, length)


def _both(A: Array, p: Array, ids: Ints) -> float:
    known = _known(A, p, ids)
    return relative_error(np.float64(known["g"][1]), np.float64(known["f"][len(ids)]))


def _everything(chain: MarkovChain, length: int) -> float:
    """The sum of the probabilities, taken backwards, of all texts of a length."""
    texts = np.indices((len(NAMES),) * length).reshape(length, -1).T
    return float(sum(np.exp(chain.log_joint(ids, "backwards")) for ids in texts))
