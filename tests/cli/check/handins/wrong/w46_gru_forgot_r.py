# exercise: gru
# function: backward
# mistake: in what goes back to the state before, the reset gate is forgotten: grad_q is added as it is instead of r * grad_q
import numpy as np

def backward(U_r, W_r, b_r, U_z, W_z, b_z, U_n, W_n, b_n, V, c, x, y, h, h0, r, z, q, n, y_hat):
    P = dict(U_r=U_r, W_r=W_r, b_r=b_r, U_z=U_z, W_z=W_z, b_z=b_z, U_n=U_n, W_n=W_n, b_n=b_n, V=V, c=c)
    G = {k: np.zeros_like(v) for k, v in P.items()}
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(y))):
        hp = h[t-1] if t > 0 else h0
        do = y_hat[t].copy()
        do[y[t]] -= 1
        G['V'] += np.outer(do, h[t]); G['c'] += do
        dh = V.T @ do + dh_next
        dn = dh * (1 - z[t])
        dz = dh * (hp - n[t])
        dan = dn * (1 - n[t]**2)
        dq = W_n.T @ dan
        dr = dq * hp
        daz = dz * z[t] * (1 - z[t])
        dar = dr * r[t] * (1 - r[t])
        for g, da, inp in (('r', dar, hp), ('z', daz, hp), ('n', dan, q[t])):
            G['U_' + g] += np.outer(da, x[t])
            G['W_' + g] += np.outer(da, inp)
            G['b_' + g] += da
        dh_next = dh * z[t] + dq + W_r.T @ dar + W_z.T @ daz
    return G
