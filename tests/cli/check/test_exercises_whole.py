"""The exercises handed in as one function `backward`, written in another way than the solutions, right and wrong."""

import pytest

from cli.lab.check.exercise import exercise
from cli.lab.check.handin import check

ERROR = """
import numpy as np

def error(y_hat, y):
    return y_hat - np.eye(y_hat.shape[1])[y]
"""
ELMAN = """
def backward(U, W, V, x, y, h, h0, y_hat):
    e, carry = error(y_hat, y), np.zeros(len(h0))
    g = {"U": 0 * U, "W": 0 * W, "b": 0 * h0, "V": e.T @ h, "c": e.sum(0)}
    for t in range(len(h) - 1, -1, -1):
        da = (1 - h[t] ** 2) * (e[t] @ V + carry)
        before = h[t - 1] if t else h0
        g["U"] += np.outer(da, x[t])
        g["W"] += np.outer(da, before)
        g["b"] += da
        carry = da @ W
    return {**g, "h0": carry}
"""
TRUNCATED = """
def backward(U, W, V, x, y, h, h0, y_hat, K):
    e = error(y_hat, y)
    g = {"U": 0 * U, "W": 0 * W, "b": 0 * h0}
    for start in range(0, len(h), K):
        carry = np.zeros(len(h0))
        for t in reversed(range(start, min(start + K, len(h)))):
            da = (1 - h[t] ** 2) * (e[t] @ V + carry)
            before = h[t - 1] if t else h0
            g["U"] += np.outer(da, x[t])
            g["W"] += np.outer(da, before)
            g["b"] += da
            carry = da @ W
    return g
"""
JORDAN = """
def backward(U, W, V, x, y, h, y_hat, y_hat0):
    e, da = error(y_hat, y), np.zeros(len(U))
    g = {"U": 0 * U, "W": 0 * W, "b": 0 * da, "V": 0 * V, "c": 0 * y_hat0}
    for t in reversed(range(len(h))):
        p, dp = y_hat[t], da @ W
        do = e[t] + p * dp - p * (p @ dp)
        g["V"] += np.outer(do, h[t])
        g["c"] += do
        da = (1 - h[t] ** 2) * (do @ V)
        before = y_hat[t - 1] if t else y_hat0
        g["U"] += np.outer(da, x[t])
        g["W"] += np.outer(da, before)
        g["b"] += da
    return {**g, "y_hat0": da @ W}
"""
GRU = """
def backward(W_r, W_z, W_n, V, x, y, h, h0, r, z, q, n, y_hat):
    e, dh = error(y_hat, y), np.zeros(len(h0))
    before = np.concatenate([h0[None], h[:-1]])
    da_r, da_z, da_n = np.zeros((3, *h.shape))
    for t in reversed(range(len(h))):
        dh = dh + e[t] @ V
        da_n[t] = (1 - n[t] ** 2) * (1 - z[t]) * dh
        da_z[t] = z[t] * (1 - z[t]) * (before[t] - n[t]) * dh
        dq = da_n[t] @ W_n
        da_r[t] = r[t] * (1 - r[t]) * before[t] * dq
        dh = z[t] * dh + r[t] * dq + da_r[t] @ W_r + da_z[t] @ W_z
    g = {"V": e.T @ h, "c": e.sum(0), "h0": dh}
    for k, da, left in (("r", da_r, before), ("z", da_z, before), ("n", da_n, q)):
        g |= {f"W_{k}": da.T @ left, f"U_{k}": da.T @ x, f"b_{k}": da.sum(0)}
    return g
"""
GRU_AFTER = """
def backward(W_r, W_z, W_n, V, x, y, h, h0, r, z, q, n, y_hat):
    e, dh = error(y_hat, y), np.zeros(len(h0))
    before = np.concatenate([h0[None], h[:-1]])
    da_r, da_z, da_n, dq = np.zeros((4, *h.shape))
    for t in reversed(range(len(h))):
        dh = dh + e[t] @ V
        da_n[t] = (1 - n[t] ** 2) * (1 - z[t]) * dh
        da_z[t] = z[t] * (1 - z[t]) * (before[t] - n[t]) * dh
        dq[t] = r[t] * da_n[t]
        da_r[t] = r[t] * (1 - r[t]) * q[t] * da_n[t]
        dh = z[t] * dh + dq[t] @ W_n + da_r[t] @ W_r + da_z[t] @ W_z
    g = {"V": e.T @ h, "c": e.sum(0), "h0": dh, "d": dq.sum(0)}
    for k, da, part in (("r", da_r, da_r), ("z", da_z, da_z), ("n", da_n, dq)):
        g |= {f"W_{k}": part.T @ before, f"U_{k}": da.T @ x, f"b_{k}": da.sum(0)}
    return g
"""
LSTM = """
def backward(W_i, W_f, W_g, W_o, V, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    e, W = error(y_hat, y), np.concatenate([W_i, W_f, W_g, W_o])
    dh, dc = np.zeros((2, len(h0)))
    h_before, c_before = np.concatenate([h0[None], h[:-1]]), np.concatenate([c0[None], c[:-1]])
    da = np.zeros((len(h), 4 * len(h0)))
    for t in reversed(range(len(h))):
        s = np.tanh(c[t])
        dh = dh + e[t] @ V
        dc = dc + o[t] * (1 - s**2) * dh
        da[t] = np.concatenate([
            i[t] * (1 - i[t]) * g[t] * dc,
            f[t] * (1 - f[t]) * c_before[t] * dc,
            (1 - g[t] ** 2) * i[t] * dc,
            o[t] * (1 - o[t]) * s * dh,
        ])
        dh, dc = da[t] @ W, f[t] * dc
    found = {"V": e.T @ h, "d": e.sum(0), "h0": dh, "c0": dc}
    for k, part in zip("ifgo", np.split(da, 4, axis=1)):
        found |= {f"W_{k}": part.T @ h_before, f"U_{k}": part.T @ x, f"b_{k}": part.sum(0)}
    return found
"""
LAYER = """
def layer(W, states, first, inputs, from_above):
    da, carry = np.zeros_like(states), np.zeros(len(first))
    for t in reversed(range(len(states))):
        da[t] = (1 - states[t] ** 2) * (from_above[t] + carry)
        carry = W.T @ da[t]
    before = np.concatenate([first[None], states[:-1]])
    return da, {"W": da.T @ before, "U": da.T @ inputs, "b": da.sum(0)}
"""
DEEP = """
def backward(W1, W2, U2, V, x, y, h1, h1_0, h2, h2_0, y_hat):
    e = error(y_hat, y)
    da2, upper = layer(W2, h2, h2_0, h1, e @ V)
    _, lower = layer(W1, h1, h1_0, x, da2 @ U2)
    g = {"V": e.T @ h2, "c": e.sum(0)}
    return {**g, **{k + "1": v for k, v in lower.items()}, **{k + "2": v for k, v in upper.items()}}
"""
BIDIRECTIONAL = """
def backward(W_h, W_g, V_h, V_g, x, y, h, h0, g, g_end, y_hat):
    e = error(y_hat, y)
    _, ahead = layer(W_h, h, h0, x, e @ V_h)
    _, back = layer(W_g, g[::-1], g_end, x[::-1], (e @ V_g)[::-1])
    found = {"V_h": e.T @ h, "V_g": e.T @ g, "c": e.sum(0)}
    return {**found, **{k + "_h": v for k, v in ahead.items()}, **{k + "_g": v for k, v in back.items()}}
"""
WHOLE = {
    "elman": ELMAN,
    "truncated": TRUNCATED,
    "jordan": JORDAN,
    "gru": GRU,
    "gru-after": GRU_AFTER,
    "lstm": LSTM,
    "deep": LAYER + DEEP,
    "bidirectional": LAYER + BIDIRECTIONAL,
}
BROKEN = (  # exercise, what is right, what stands there instead, and the equation or the premise that is wrong
    ("elman", "carry = da @ W", "carry = W @ da", {"20"}),
    ("elman", "h[t - 1] if t else h0", "h[t]", {"24"}),
    ("truncated", "h[t - 1] if t else h0", "h[t]", {"TBPTT-5"}),
    ("jordan", "- p * (p @ dp)", "", {"JORDAN-7"}),
    ("gru", "dh = z[t] * dh + r[t] * dq", "dh = z[t] * dh + dq", {"GRU-13"}),
    ("gru-after", "da_r[t] = r[t] * (1 - r[t])", "da_r[t] = (1 - r[t])", {"GRU-AFTER-20"}),
    ("lstm", "o[t] * (1 - s**2) * dh", "(1 - s**2) * dh", {"LSTM-18"}),
    ("deep", "da2 @ U2", "da2 @ W2", {"DEEP-9"}),
    ("bidirectional", "g[::-1], g_end", "g[::-1], 0 * g_end", {"g ends at zero"}),
)


def handed_in(source, name, folder):
    path = folder / "mine.py"
    path.write_text(ERROR + source, encoding="utf-8")
    return check(path, exercise(name))


def quick(items, of=lambda item: item):
    return [n if of(n) in ("elman", "gru") else pytest.param(n, marks=pytest.mark.slow) for n in items]


@pytest.mark.parametrize("name", quick(WHOLE))
def test_one_function_for_the_whole_way_back_passes(name, tmp_path):
    found = handed_in(WHOLE[name], name, tmp_path)
    assert {f.status for f in found.findings} == {"right"}, [f for f in found.findings if f.status != "right"]
    assert found.ok
    assert {f.name for f in found.findings} >= set(exercise(name).parameters)
    assert max(f.error for f in found.findings) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize(("name", "right", "wrong", "where"), BROKEN)
def test_one_mistake_in_the_whole_is_found(name, right, wrong, where, tmp_path):
    source = WHOLE[name]
    assert source.count(right) == 1
    found = handed_in(source.replace(right, wrong), name, tmp_path)
    bad = [f for f in found.findings if f.status != "right"]
    assert {f.status for f in bad} == {"wrong"}
    assert {x.name.split("#")[0] for f in bad for x in f.explanations[:3]} & where
