# exercise: lstm
# function: backward
# mistake: the derivative of tanh(c) is written 1 - c^2 instead of 1 - tanh(c)^2
import numpy as np

def backward(W_i, W_f, W_g, W_o, U_i, V, x, y, h0, c0, h, c, i, f, g, o, y_hat):
    T, H = h.shape
    D = {}
    for k in "ifgo":
        D["W_" + k] = np.zeros_like(W_i)
        D["U_" + k] = np.zeros_like(U_i)
        D["b_" + k] = np.zeros(H)
    D["V"] = np.zeros_like(V)
    D["d"] = np.zeros(V.shape[0])
    dh_next, dc_next = np.zeros(H), np.zeros(H)
    for t in reversed(range(T)):
        h_prev = h[t-1] if t else h0
        c_prev = c[t-1] if t else c0
        ds = y_hat[t].copy()
        ds[y[t]] -= 1
        D["V"] += np.outer(ds, h[t])
        D["d"] += ds
        dh = V.T @ ds + dh_next
        do = dh * np.tanh(c[t])
        dc = dh * o[t] * (1 - c[t]**2) + dc_next
        da = {"i": dc * g[t] * i[t] * (1 - i[t]),
              "f": dc * c_prev * f[t] * (1 - f[t]),
              "g": dc * i[t] * (1 - g[t]**2),
              "o": do * o[t] * (1 - o[t])}
        for k in da:
            D["W_" + k] += np.outer(da[k], h_prev)
            D["U_" + k] += np.outer(da[k], x[t])
            D["b_" + k] += da[k]
        dh_next = W_i.T @ da["i"] + W_f.T @ da["f"] + W_g.T @ da["g"] + W_o.T @ da["o"]
        dc_next = dc * f[t]
    return D
