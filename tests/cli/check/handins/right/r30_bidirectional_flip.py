# exercise: bidirectional
# function: backward
# style: one helper for a forward layer; the backward layer is the same helper on everything turned round in time
import numpy as np

def one_direction(W, V, s, start, x, e):
    n = len(s)
    before = np.vstack([start[None, :], s[:-1]])
    delta = np.zeros((n + 1, s.shape[1]))
    for t in range(n - 1, -1, -1):
        delta[t] = (1 - s[t] ** 2) * (e[t] @ V + delta[t + 1] @ W)
    delta = delta[:n]
    return {"W": delta.T @ before, "U": delta.T @ x, "b": delta.sum(axis=0), "V": e.T @ s}

def backward(U_h, W_h, b_h, U_g, W_g, b_g, V_h, V_g, c, x, y, h, h0, g, g_end, y_hat):
    e = y_hat - (y[:, None] == np.arange(c.size)[None, :])
    res = {"c": e.sum(axis=0)}
    for letter, part in (("h", one_direction(W_h, V_h, h, h0, x, e)),
                         ("g", one_direction(W_g, V_g, g[::-1], g_end, x[::-1], e[::-1]))):
        for k, v in part.items():
            res[k + "_" + letter] = v
    return res
