# exercise: gru
# function: backward
# mistake: grad_W_n: outer product with h_{t-1} instead of q_t = r_t * h_{t-1}
import numpy as np

def backward(U_r, W_r, U_z, W_z, U_n, W_n, V, x, y, h, h0, r, z, n, y_hat):
    T, H = h.shape
    hp = np.vstack((h0, h))[:T]
    do = y_hat - np.eye(V.shape[0])[y]
    ar, az, an = np.zeros((T, H)), np.zeros((T, H)), np.zeros((T, H))
    dh = np.zeros(H)
    for t in range(T - 1, -1, -1):
        dh = dh + do[t] @ V
        an[t] = dh * (1 - z[t]) * (1 - n[t] ** 2)
        az[t] = dh * (hp[t] - n[t]) * z[t] * (1 - z[t])
        dq = an[t] @ W_n
        ar[t] = dq * hp[t] * r[t] * (1 - r[t])
        dh = z[t] * dh + r[t] * dq + ar[t] @ W_r + az[t] @ W_z
    return {
        "W_r": ar.T @ hp, "U_r": ar.T @ x, "b_r": ar.sum(0),
        "W_z": az.T @ hp, "U_z": az.T @ x, "b_z": az.sum(0),
        "W_n": an.T @ hp, "U_n": an.T @ x, "b_n": an.sum(0),
        "V": do.T @ h, "c": do.sum(0), "h0": dh,
    }
