"""Each fused family against plain Python: one small case, number by number, forwards and by differences backwards."""

import math

import numpy as np
import pytest
from layer_cases import LAYERS, parts

from minigrad import Tensor, grad

T, B, I, H = 4, 3, 2, 5  # noqa: E741  # I is the input size everywhere
LENGTHS = [4, 1, 3]


def sigma(v):
    return 1 / (1 + math.exp(-v))


def received(p, x, h, k, side="both"):
    """Row k of b_ih + W_ih x + b_hh + W_hh h, or the part of one side."""
    ih = p["bias_ih"][k] + math.fsum(w * v for w, v in zip(p["weight_ih"][k], x, strict=True))
    hh = p["bias_hh"][k] + math.fsum(w * v for w, v in zip(p["weight_hh"][k], h, strict=True))
    return {"both": ih + hh, "input": ih, "state": hh}[side]


def elman(p, x, h):
    return [[math.tanh(received(p, x, h, j)) for j in range(H)]]


def relu(p, x, h):
    return [[max(received(p, x, h, j), 0.0) for j in range(H)]]


def gru_after(p, x, h):
    r = [sigma(received(p, x, h, j)) for j in range(H)]
    z = [sigma(received(p, x, h, H + j)) for j in range(H)]
    n = [
        math.tanh(received(p, x, h, 2 * H + j, "input") + r[j] * received(p, x, h, 2 * H + j, "state"))
        for j in range(H)
    ]
    return [[(1 - z[j]) * n[j] + z[j] * h[j] for j in range(H)]]


def gru_before(p, x, h):
    r = [sigma(received(p, x, h, j)) for j in range(H)]
    z = [sigma(received(p, x, h, H + j)) for j in range(H)]
    reset = [r[j] * h[j] for j in range(H)]
    return [[(1 - z[j]) * math.tanh(received(p, x, reset, 2 * H + j)) + z[j] * h[j] for j in range(H)]]


def lstm(p, x, h, c):
    peep = p.get("weight_peephole", [0.0] * 3 * H)
    new_h, new_c = [], []
    for j in range(H):
        i = sigma(received(p, x, h, j) + peep[j] * c[j])
        f = sigma(received(p, x, h, H + j) + peep[H + j] * c[j])
        new_c.append(f * c[j] + i * math.tanh(received(p, x, h, 2 * H + j)))
        o = sigma(received(p, x, h, 3 * H + j) + peep[2 * H + j] * new_c[j])
        new_h.append(o * math.tanh(new_c[j]))
    return [new_h, new_c]


STEPS = {"rnn": elman, "relu": relu, "gru": gru_after, "gru before": gru_before, "lstm": lstm, "peepholes": lstm}


def by_loops(step, parameters, x, first):
    """Outputs (T, B, 2H) and last states (2, B, H) of both directions, row by row."""
    output, last = np.zeros((T, B, 2 * H)), np.zeros((len(first), 2, B, H))
    for d, suffix in enumerate(("_l0", "_l0_reverse")):
        p = {n.removesuffix(suffix): a.tolist() for n, a in parameters.items() if n.endswith(suffix)}
        for b in range(B):
            state = [part[d, b].tolist() for part in first]
            times = range(LENGTHS[b])
            for t in reversed(times) if d else times:
                state = step(p, x[t, b].tolist(), *state)
                output[t, b, d * H : (d + 1) * H] = state[0]
            last[:, d, b] = state
    return [output, *last]


@pytest.fixture(params=STEPS)
def case(request):
    rng = np.random.default_rng(3)
    layer = LAYERS[request.param](I, H, bidirectional=True, dtype=np.float64, rng=rng, implementation="fused")
    x, first = rng.standard_normal((T, B, I)), rng.standard_normal((len(layer.state_sizes), 2, B, H))
    cotangents = [rng.standard_normal(s) for s in ((T, B, 2 * H), *[(2, B, H)] * len(first))]
    return STEPS[request.param], layer, x, first, cotangents


def test_forward_is_the_loops(case):
    step, layer, x, first, _ = case
    state = Tensor(first[0]) if len(first) == 1 else layer.cell.State(*map(Tensor, first))
    output, last = layer(Tensor(x), state, LENGTHS)
    for mine, theirs in zip([output, *parts(last)], by_loops(step, layer.state_dict(), x, first), strict=True):
        np.testing.assert_allclose(mine.data, theirs, rtol=1e-13, atol=1e-15)


def test_gradients_are_the_loops_differences(case):
    """Along a random direction of everything at once, and along one of each array by itself."""
    step, layer, x, first, cotangents = case
    tensors = {"x": Tensor(x, requires_grad=True)}
    tensors |= {f"first {k}": Tensor(part, requires_grad=True) for k, part in enumerate(first)}
    start = [tensors[f"first {k}"] for k in range(len(first))]
    output, last = layer(tensors["x"], start[0] if len(start) == 1 else layer.cell.State(*start), LENGTHS)
    loss = sum((r * c).sum() for r, c in zip([output, *parts(last)], cotangents, strict=True))
    leaves = {**dict(layer.named_parameters()), **tensors}
    gradients = dict(zip(leaves, (g.data for g in grad(loss, list(leaves.values()))), strict=True))
    at, rng = {name: leaf.data for name, leaf in leaves.items()}, np.random.default_rng(8)

    def value(moved):
        parameters = {name: a for name, a in moved.items() if name not in tensors}
        results = by_loops(step, parameters, moved["x"], [moved[f"first {k}"] for k in range(len(first))])
        return sum((r * c).sum() for r, c in zip(results, cotangents, strict=True))

    directions = {name: rng.standard_normal(a.shape) for name, a in at.items()}
    for names in [list(at), *([name] for name in at)]:
        ends = [value(at | {n: at[n] + s * directions[n] for n in names}) for s in (1e-5, -1e-5)]
        exact = sum((gradients[n] * directions[n]).sum() for n in names)
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(exact, rel=1e-7, abs=1e-8), names
