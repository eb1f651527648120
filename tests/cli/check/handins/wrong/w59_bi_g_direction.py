# exercise: bidirectional
# function: backward
# mistake: the gradient by g is propagated like the forward layer, from the last step to the first (into g[t] from a_g[t+1]), instead of from the first to the last (into g[t] from a_g[t-1])
import numpy as np

def backward(U_h, W_h, b_h, U_g, W_g, b_g, V_h, V_g, c, x, y, h, h0, g, g_end, y_hat):
    T = len(y)
    do = y_hat - np.eye(len(c))[y]
    da_h = np.zeros_like(h)
    da_g = np.zeros_like(g)
    nh, ng = np.zeros_like(b_h), np.zeros_like(b_g)
    for t in range(T - 1, -1, -1):
        da_h[t] = (do[t] @ V_h + nh) * (1 - h[t]**2)
        nh = da_h[t] @ W_h
    for t in range(T - 1, -1, -1):
        da_g[t] = (do[t] @ V_g + ng) * (1 - g[t]**2)
        ng = da_g[t] @ W_g
    h_prev = np.vstack([h0, h[:-1]])
    g_next = np.vstack([g[1:], g_end])
    return {"U_h": da_h.T @ x, "W_h": da_h.T @ h_prev, "b_h": da_h.sum(0),
            "U_g": da_g.T @ x, "W_g": da_g.T @ g_next, "b_g": da_g.sum(0),
            "V_h": do.T @ h, "V_g": do.T @ g, "c": do.sum(0)}
