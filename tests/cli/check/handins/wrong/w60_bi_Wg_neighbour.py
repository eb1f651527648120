# exercise: bidirectional
# function: backward
# mistake: grad_W_g: outer product with g of the step before (g[t-1], and g_end at the first step) instead of g of the step after (g[t+1], and g_end at the last step)
import numpy as np

def layer(W, s, do, V, order):
    """gradient by the preactivations; order: the steps in the order of the BACKWARD pass"""
    da = np.zeros_like(s)
    carry = np.zeros(W.shape[0])
    for t in order:
        da[t] = (1 - s[t] ** 2) * (V.T @ do[t] + carry)
        carry = W.T @ da[t]
    return da

def weights(da, inputs, neighbour):
    gW = sum(np.outer(a, n) for a, n in zip(da, neighbour))
    gU = sum(np.outer(a, i) for a, i in zip(da, inputs))
    return gW, gU, sum(da)

def backward(W_h, W_g, V_h, V_g, x, y, h, h0, g, g_end, y_hat):
    T = len(y)
    do = y_hat.copy()
    do[np.arange(T), y] -= 1
    da_h = layer(W_h, h, do, V_h, range(T - 1, -1, -1))
    da_g = layer(W_g, g, do, V_g, range(T))
    out = {}
    out["W_h"], out["U_h"], out["b_h"] = weights(da_h, x, [h0] + list(h[:-1]))
    out["W_g"], out["U_g"], out["b_g"] = weights(da_g, x, [g_end] + list(g[:-1]))
    out["V_h"], out["V_g"], out["c"] = do.T @ h, do.T @ g, do.sum(axis=0)
    return out
