"""The pages on what tanh takes away, and on how far cells with gates carry a gradient before they have learned."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.gradients.networks import KNOBS, RADII, drawn, linear, listening, rate, turning, walk_back
from cli.lessons.gradients.rates import by_radius, strips
from minigrad import Tensor, grad
from rnn.layers import GRU, LSTM, RNN
from rnn.recurrent import Recurrent

_FEW = 5  # steps over which all of a Jacobian's stretches are still well above rounding
_INPUTS, _UNITS, _FAR = 8, 16, 60


@experiment(units=KNOBS["units"], length=KNOBS["length"], loud=KNOBS["loud"])
def with_tanh(units: int = 24, length: int = 40, loud: float = 0.2, *, rng: np.random.Generator) -> Result:
    """The same five radii with tanh, beside the same matrices without."""
    found, rates = {}, {}
    for rho in RADII:
        W = drawn(units, rho, rng)
        h = listening(W, length, loud, rng)
        plain, found[rho] = walk_back(W, linear(W, length))[1], walk_back(W, h)[1]
        rates[rho] = rate(plain[length], plain[0], length), rate(found[rho][length], found[rho][0], length)
    rows = tuple((f"{rho}", *rates[rho], b - a) for rho, (a, b) in rates.items())
    columns: tuple[Column, ...] = (
        ("ρ", "text"), ("log per step, linear", "number"), ("tanh", "number"), ("difference", "number"),
    )  # fmt: skip
    return Result(
        (strips("ν⁽ᵗ⁾ with tanh", by_radius(found)), Table(columns, rows)),
        (at_most("for each ρ tanh takes something (least, a step)", max(b - a for a, b in rates.values()), -0.002),),
    )


@experiment(rho=KNOBS["rho"], units=KNOBS["units"], length=KNOBS["length"], loud=KNOBS["loud"])
def taken(
    rho: float = 1.1, units: int = 24, length: int = 40, loud: float = 0.2, *, rng: np.random.Generator
) -> Result:
    """How much tanh takes: along the best direction, on average over all, and along the worst."""
    W = turning(units, rho, rng)
    h = listening(W, length, loud, rng)
    J, nu = walk_back(W, h)
    steps = range(length + 1)
    stretches = [np.linalg.svd(J[length - k], compute_uv=False) for k in steps]
    mean = [float(np.exp(np.log(s).mean())) for s in stretches[: _FEW + 1]]
    slopes = np.array([np.log(1 - h[t] ** 2).mean() for t in range(1, length + 1)])
    expected = [float(k * np.log(rho) + slopes[length - k :].sum()) for k in steps]
    lost = rate(nu[length], nu[0], length) - np.log(rho)
    curves = (
        curve("without tanh", steps, [rho**k for k in steps]),
        curve("best", steps, [nu[length - k] for k in steps]),
        curve("average", steps, np.exp(expected).tolist()),
    )
    rows = (("in the best direction", lost), ("on average: the mean of log(1 − h²)", slopes.mean()))
    return Result(
        (Plot("stretched by", curves, "steps back", log=True),
         Table((("what tanh adds to log ρ", "text"), ("a step", "number")), rows)),
        (
            at_most("on average tanh takes the mean of log(1 − h²) (off by)", _apart(mean, expected), 1e-8),
            at_most("the best direction loses something (a step)", lost, 0),
            at_least("but no more than the average (difference)", lost - slopes.mean(), -1e-9),
            at_most("no ν⁽ᵗ⁾ is above ρᵏ (largest ratio)", max(nu[length - k] / rho**k for k in steps), 1 + 1e-9),
        ),
    )  # fmt: skip


def _apart(mean: list[float], expected: list[float]) -> float:
    return max(abs(float(np.log(m)) - e) for m, e in zip(mean, expected, strict=False))


@experiment(bias=between(1.0, 5.0))
def gates(bias: float = 3.0, *, rng: np.random.Generator) -> Result:
    """How much the last output feels each input, in cells as they are drawn and with forget gates held open."""
    same = rng.integers(2**32)
    kinds = {"RNN": (RNN, 0.0), "GRU": (GRU, 0.0), "LSTM": (LSTM, 0.0), "LSTM, f + 1": (LSTM, 1.0)}
    kinds[f"LSTM, f + {bias:g}"] = (LSTM, bias)
    felt = {name: _felt(kind, held, np.random.default_rng(same)) for name, (kind, held) in kinds.items()}
    left = {name: norms[-1] / norms[0] for name, norms in felt.items()}
    rows = tuple((name, float(left[name] ** (1 / _FAR)), left[name]) for name in felt)
    columns: tuple[Column, ...] = (("", "text"), ("kept per step", "share"), (f"after {_FAR} steps", "error"))
    curves = tuple(curve(name, range(_FAR + 1), [n / norms[0] for n in norms]) for name, norms in felt.items())
    held = left[f"LSTM, f + {bias:g}"]
    return Result(
        (Plot("how much the last output feels an input", curves, "steps back", log=True), Table(columns, rows)),
        (
            at_most(f"as drawn, GRU and LSTM: left after {_FAR} steps", max(left["GRU"], left["LSTM"]), 1e-6),
            at_least("forget gates held open: to the LSTM as drawn (ratio)", held / left["LSTM"], 1e3),
            at_least(
                f"and to what gates at σ({bias:g}) alone would leave (ratio)", held * (1 + np.exp(-bias)) ** _FAR, 0.01
            ),
        ),
    )


def _felt(kind: type[RNN] | type[GRU] | type[LSTM], held: float, rng: np.random.Generator) -> list[float]:
    """‖∂(last output)/∂x⁽ᵗ⁾‖ from the last input back; all rows at once, one copy of the sequence for each."""
    layer: Recurrent = kind(_INPUTS, _UNITS, dtype=np.float64, rng=rng)
    if held:
        f = slice(_UNITS, 2 * _UNITS)  # gates stand in the order i, f, g, o
        assert layer.bias_ih_l0 is not None
        layer.bias_ih_l0.data[f] += held
        layer.bias_ih_l0.touch()
    x = Tensor(np.repeat(rng.standard_normal((_FAR + 1, 1, _INPUTS)), _UNITS, axis=1), requires_grad=True)
    last = layer(x)[0][-1]
    rows = grad((last * np.eye(_UNITS)).sum(), x).data
    return [float(np.linalg.norm(r, 2)) for r in rows[::-1]]
