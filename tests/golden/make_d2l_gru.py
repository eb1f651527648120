"""Write d2l_gru.json: the GRU as D2L prints it (9.1), which resets the state before the product, in float64.

    R = σ(X W_xr + H W_hr + b_r)    Z = σ(X W_xz + H W_hz + b_z)
    H̃ = tanh(X W_xh + (R ⊙ H) W_hh + b_h)    H' = Z ⊙ H + (1 − Z) ⊙ H̃

To make the file again: with numpy installed, run `python tests/golden/make_d2l_gru.py`.
Rows are samples, as in the book. No library has this form with these gradients at hand, so they are taken by the
complex step: dL/dv = Im L(v + iε)/ε, exact to rounding since every function here is analytic and nothing is
subtracted. The parameters are stored under torch's names: weight_ih = [W_xr | W_xz | W_xh]ᵀ, weight_hh alike, and
each b is the sum of a part of bias_ih and of bias_hh. The loss and the form of the file are make_recurrent.py's.
"""

import json
from pathlib import Path

import numpy as np
from recurrent_cases import FEW

EPSILON = 1e-60  # ε² vanishes beside anything, ε itself is far from underflow


def sigma(a):
    """The logistic function."""
    return 1 / (1 + np.exp(-a))


def step(X, H, W, b):
    """One step by the printed equations: X (n, d) and H (n, h) give the next H; W and b by the book's subscripts."""
    R = sigma(X @ W["xr"] + H @ W["hr"] + b["r"])
    Z = sigma(X @ W["xz"] + H @ W["hz"] + b["z"])
    candidate = np.tanh(X @ W["xh"] + (R * H) @ W["hh"] + b["h"])
    return Z * H + (1 - Z) * candidate


def by_letters(given, side, units):
    """The book's matrices and biases from torch's arrays of one layer and direction."""
    letters = {"r": slice(units), "z": slice(units, 2 * units), "h": slice(2 * units, None)}
    W = {"x" + k: given["weight_ih" + side][rows].T for k, rows in letters.items()}
    W |= {"h" + k: given["weight_hh" + side][rows].T for k, rows in letters.items()}
    bias = given["bias_ih" + side] + given["bias_hh" + side] if "bias_ih" + side in given else np.zeros(3 * units)
    return W, {k: bias[rows] for k, rows in letters.items()}


def one_way(given, side, X, H, units):
    """One layer in one direction over one sequence X (T, d) from H (h,): outputs (T, h), and the last H."""
    W, b = by_letters(given, side, units)
    outputs, order = [], -1 if side.endswith("_reverse") else 1
    for t in range(len(X))[::order]:
        H = step(X[None, t], H[None], W, b)[0]
        outputs.append(H)
    return np.stack(outputs[::order]), H


def sequence(given, sides, X, H0, units):
    """All layers over one sequence X (T, d) from H0 (L·D, h): the outputs (T, D·h) and the last states."""
    last = []
    for layer in sides:
        found = [one_way(given, side, X, H0[len(last) + k], units) for k, side in enumerate(layer)]
        X = np.concatenate([outputs for outputs, _ in found], axis=1)
        last += [H for _, H in found]
    return X, np.stack(last)


def network(given, sides, lengths, batch_first, units):
    """Outputs and last states in the layers' form, from `given`: parameters, x and h0 by name."""
    x, h0 = given["x"], given["h0"]
    if x.ndim == 2:
        return sequence(given, sides, x, h0, units)
    x = x if batch_first else x.swapaxes(0, 1)
    rows = [sequence(given, sides, X[:n], h0[:, b], units) for b, (X, n) in enumerate(zip(x, lengths, strict=True))]
    y = np.stack([np.pad(outputs, ((0, x.shape[1] - len(outputs)), (0, 0))) for outputs, _ in rows])
    return (y if batch_first else y.swapaxes(0, 1)), np.stack([last for _, last in rows], axis=1)


def gradient(loss, given, name):
    """dL by every number of given[name], by the complex step."""
    found = np.zeros(given[name].shape)
    for index in np.ndindex(found.shape):
        shifted = given[name].astype(complex)
        shifted[index] += 1j * EPSILON
        found[index] = loss({**given, name: shifted}).imag / EPSILON
    return found


def case(rng, T, I, H, B=None, lengths=None, ids=False, num_layers=1, bidirectional=False, bias=True, **form):  # noqa: E741
    """One configuration: what goes in, what comes out, and the gradient of everything that went in."""
    ways, batch = ("", "_reverse") if bidirectional else ("",), () if B is None else (B,)
    sides = [[f"_l{k}{way}" for way in ways] for k in range(num_layers)]
    lead = (B, T) if form.get("batch_first") else (T, *batch)
    shapes = {}
    for k, side in ((k, side) for k, layer in enumerate(sides) for side in layer):
        shapes |= {"weight_ih" + side: (3 * H, H * len(ways) if k else I), "weight_hh" + side: (3 * H, H)}
        shapes |= {"bias_ih" + side: (3 * H,), "bias_hh" + side: (3 * H,)} if bias else {}
    given = {name: rng.normal(0, 0.6, shape).round(3) for name, shape in shapes.items()}
    given["h0"] = rng.normal(0, 1, (num_layers * len(ways), *batch, H)).round(3)
    stored_x = rng.integers(0, I, lead) if ids else rng.normal(0, 1, (*lead, I)).round(3)
    given["x"] = np.eye(I)[stored_x] if ids else stored_x
    rest = (sides, lengths or [T] * (B or 1), form.get("batch_first", False), H)
    output, last = network(given, *rest)
    r, s = (rng.normal(0, 1, y.shape).round(3) for y in (output, last))

    def loss(values):
        y, h = network(values, *rest)
        return (r * y).sum() + (s * h).sum()

    options = {"num_layers": num_layers, "bidirectional": bidirectional, "bias": bias, **form}
    return {
        "layer": "GRU",
        "arguments": {"input_size": I, "hidden_size": H, "reset_after": False, **options},
        "lengths": lengths,
        "inputs": {**{name: a.tolist() for name, a in given.items()}, "x": stored_x.tolist()},
        "output": output.tolist(),
        "state": [last.tolist()],
        "cotangents": {"output": r.tolist(), "state": [s.tolist()]},
        "gradients": {name: gradient(loss, given, name).tolist() for name in given if not (ids and name == "x")},
    }


if __name__ == "__main__":
    rng = np.random.default_rng(9)
    cases = {name: case(rng, **sizes) for name, sizes in FEW.items()}
    stored = {"made_with": "the printed equations and the complex step", "cases": cases}
    text = json.dumps(stored, separators=(",", ":"))
    Path(__file__).with_name("d2l_gru.json").write_text(text, encoding="utf-8")
