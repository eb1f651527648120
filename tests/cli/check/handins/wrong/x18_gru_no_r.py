# exercise: gru
# function: backward
# mistake: on the way from q = r * h_prev back to h_prev the factor r is missing (W_n^T grad_a_n is added to the gradient by h_prev as it is)
import numpy as np

def backward(W_r, W_z, W_n, U_r, U_z, U_n, V, x, y, h0, h, r, z, n, q, y_hat):
    T, H = h.shape
    g = {k: np.zeros_like(v) for k, v in
         dict(W_r=W_r, W_z=W_z, W_n=W_n, U_r=U_r, U_z=U_z, U_n=U_n, V=V).items()}
    for k in ("b_r", "b_z", "b_n"):
        g[k] = np.zeros(H)
    g["c"] = np.zeros(V.shape[0])
    dh_next = np.zeros(H)
    for t in range(T)[::-1]:
        hp = h0 if t == 0 else h[t-1]
        do = y_hat[t].copy(); do[y[t]] -= 1.
        g["V"] += np.outer(do, h[t]); g["c"] += do
        dh = V.T @ do + dh_next
        dn = dh * (1 - z[t])
        dz = dh * (hp - n[t])
        da_n = dn * (1 - n[t]**2)
        dq = W_n.T @ da_n
        dr = dq * hp
        da_z = dz * z[t] * (1 - z[t])
        da_r = dr * r[t] * (1 - r[t])
        g["W_n"] += np.outer(da_n, q[t]); g["U_n"] += np.outer(da_n, x[t]); g["b_n"] += da_n
        g["W_z"] += np.outer(da_z, hp);   g["U_z"] += np.outer(da_z, x[t]); g["b_z"] += da_z
        g["W_r"] += np.outer(da_r, hp);   g["U_r"] += np.outer(da_r, x[t]); g["b_r"] += da_r
        dh_next = z[t] * dh + dq + W_z.T @ da_z + W_r.T @ da_r
    return g
