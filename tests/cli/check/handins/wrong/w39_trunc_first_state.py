# exercise: truncated
# function: backward
# mistake: grad_W: at the first step of every piece the state before is taken to be h0, instead of the last state of the piece before (only the gradient is cut, not the states)
# note: with K >= T (one piece) the answer is right
import numpy as np

def piece(U, W, V, b, c, x, y, h, h_first, y_hat):
    g = {"U": np.zeros_like(U), "W": np.zeros_like(W), "V": np.zeros_like(V), "b": np.zeros_like(b), "c": np.zeros_like(c)}
    dh = np.zeros_like(b)
    prev = [h_first] + [h[k] for k in range(len(h) - 1)]
    for k in reversed(range(len(h))):
        do = y_hat[k].copy(); do[y[k]] -= 1
        da = (V.T @ do + dh) * (1 - h[k] ** 2)
        g["V"] += np.outer(do, h[k]); g["c"] += do
        g["W"] += np.outer(da, prev[k]); g["U"] += np.outer(da, x[k]); g["b"] += da
        dh = W.T @ da
    return g

def backward(U, W, V, b, c, x, y, h, h0, y_hat, K):
    total = None
    for s in range(0, len(y), K):
        e = s + K
        g = piece(U, W, V, b, c, x[s:e], y[s:e], h[s:e], h0, y_hat[s:e])
        total = g if total is None else {k: total[k] + g[k] for k in g}
    return total
