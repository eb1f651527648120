# exercise: gru
# function: backward
# mistake: the direct way z * grad_h from h_t to h_{t-1} is missing in the gradient by the state before
# mistake: the gradient by W_n is taken with h_prev instead of q = r * h_prev
import numpy as np

def dsig(s):
    return s * (1 - s)

def backward(W_r, W_z, W_n, V, x, y, h0, h, r, z, n, y_hat):
    T = len(y)
    H = len(h0)
    hprev = np.vstack((h0, h[:-1]))
    dO = y_hat - np.eye(y_hat.shape[1])[y]
    dAr = np.zeros((T, H)); dAz = np.zeros((T, H)); dAn = np.zeros((T, H))
    carry = np.zeros(H)
    for t in reversed(range(T)):
        dh = dO[t] @ V + carry
        dAn[t] = dh * (1 - z[t]) * (1 - n[t]**2)
        dAz[t] = dh * (hprev[t] - n[t]) * dsig(z[t])
        dq = dAn[t] @ W_n
        dAr[t] = dq * hprev[t] * dsig(r[t])
        carry = dq * r[t] + dAz[t] @ W_z + dAr[t] @ W_r
    return {
        "V": dO.T @ h, "c": dO.sum(axis=0),
        "W_r": dAr.T @ hprev, "U_r": dAr.T @ x, "b_r": dAr.sum(axis=0),
        "W_z": dAz.T @ hprev, "U_z": dAz.T @ x, "b_z": dAz.sum(axis=0),
        "W_n": dAn.T @ hprev, "U_n": dAn.T @ x, "b_n": dAn.sum(axis=0),
    }
