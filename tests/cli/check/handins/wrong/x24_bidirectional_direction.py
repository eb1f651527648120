# exercise: bidirectional
# function: backward
# mistake: the gradient by the backward states g runs from the last step to the first, as for h (g_t gets its gradient from step t+1), instead of from the first step to the last (from step t-1)
import numpy as np

def bptt(W, V, s, grad_o):
    T, H = s.shape
    ga = np.zeros((T, H))
    nxt = np.zeros(H)
    for t in reversed(range(T)):
        gs = V.T @ grad_o[t] + W.T @ nxt
        ga[t] = gs * (1 - s[t]**2)
        nxt = ga[t]
    return ga

def backward(W_h, V_h, W_g, V_g, x, y, h0, g_end, h, g, y_hat):
    grad_o = y_hat.copy()
    grad_o[np.arange(len(y)), y] -= 1
    ga_h = bptt(W_h, V_h, h, grad_o)
    ga_g = bptt(W_g, V_g, g, grad_o)
    h_prev = np.vstack([h0, h[:-1]])
    g_next = np.vstack([g[1:], g_end])
    return {
        "W_h": ga_h.T @ h_prev, "U_h": ga_h.T @ x, "b_h": ga_h.sum(0), "V_h": grad_o.T @ h,
        "W_g": ga_g.T @ g_next, "U_g": ga_g.T @ x, "b_g": ga_g.sum(0), "V_g": grad_o.T @ g,
        "c": grad_o.sum(0),
    }
