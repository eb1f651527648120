# exercise: lstm
# function: backward
# mistake: grad_h of the step before: the term W_o^T grad_a_o (through the output gate) is forgotten, only i, f and g go back
import numpy as np

def sigma_(s): return s * (1 - s)
def tanh_(s): return 1 - s ** 2

def backward(W_i, W_f, W_g, W_o, V, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    T = len(x)
    S = y_hat - np.eye(V.shape[0])[y]
    hp, cp = np.vstack([h0[None], h[:-1]]), np.vstack([c0[None], c[:-1]])
    tc = np.tanh(c)
    A = {k: np.zeros_like(h) for k in "ifgo"}
    dh = np.zeros_like(h0)
    dc = np.zeros_like(c0)
    for t in range(T - 1, -1, -1):
        dh = dh + S[t] @ V
        dc = dc + dh * o[t] * tanh_(tc[t])
        A["o"][t] = dh * tc[t] * sigma_(o[t])
        A["f"][t] = dc * cp[t] * sigma_(f[t])
        A["i"][t] = dc * g[t] * sigma_(i[t])
        A["g"][t] = dc * i[t] * tanh_(g[t])
        dh = A["i"][t] @ W_i + A["f"][t] @ W_f + A["g"][t] @ W_g
        dc = dc * f[t]
    out = {"V": S.T @ h, "d": S.sum(axis=0)}
    for k, a in A.items():
        out["W_" + k] = np.einsum("ti,tj->ij", a, hp)
        out["U_" + k] = np.einsum("ti,tj->ij", a, x)
        out["b_" + k] = a.sum(axis=0)
    return out
