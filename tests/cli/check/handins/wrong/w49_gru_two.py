# exercise: gru
# function: backward
# mistake: grad_a_z: derivative of the sigmoid forgotten for z, grad_a_z = grad_z
# mistake: first step: the state before is taken as zeros instead of h0 (in grad_z, grad_r and the weights W_r, W_z)
import numpy as np
from collections import defaultdict

def backward(W_r, W_z, W_n, V, x, y, h, h0, r, z, q, n, y_hat):
    g = defaultdict(float)
    start = np.zeros(h.shape[1])
    hs = [start] + [row for row in h]        # hs[t] is the state before row t
    later = np.zeros(h.shape[1])
    for t in range(len(y), 0, -1):
        e = y_hat[t-1].copy(); e[y[t-1]] -= 1
        zt, rt, nt, xt, hp = z[t-1], r[t-1], n[t-1], x[t-1], hs[t-1]
        g["V"] += np.outer(e, hs[t]); g["c"] += e
        dh = V.T.dot(e) + later
        da_n = dh * (1 - zt) * (1 - nt**2)
        da_z = dh * (hp - nt)
        dq = W_n.T.dot(da_n)
        da_r = dq * hp * rt * (1 - rt)
        g["W_n"] += np.outer(da_n, q[t-1]); g["U_n"] += np.outer(da_n, xt); g["b_n"] += da_n
        g["W_z"] += np.outer(da_z, hp); g["U_z"] += np.outer(da_z, xt); g["b_z"] += da_z
        g["W_r"] += np.outer(da_r, hp); g["U_r"] += np.outer(da_r, xt); g["b_r"] += da_r
        later = dh * zt + dq * rt + W_z.T.dot(da_z) + W_r.T.dot(da_r)
    return dict(g)
