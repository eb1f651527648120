# exercise: elman
# function: backward
# style: written for batches (B,T,.) and called with a batch of one; x gradient too
import numpy as np

def _batch_backward(U, W, V, X, Y, Hs, H0, P):
    B, T, H = Hs.shape
    onehot = np.eye(V.shape[0])[Y]
    dO = P - onehot
    dV = np.einsum('btv,bth->vh', dO, Hs, optimize=True)
    dc = dO.sum((0, 1))
    local = dO @ V
    dA = np.zeros_like(Hs)
    carry = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        dA[:, t] = (local[:, t] + carry) * (1 - Hs[:, t] ** 2)
        carry = dA[:, t] @ W
    before = np.concatenate([H0[:, None], Hs[:, :-1]], axis=1)
    flat = dA.reshape(B * T, H)
    return {"V": dV, "c": dc, "W": flat.T @ before.reshape(B * T, H), "U": flat.T @ X.reshape(B * T, -1),
            "b": flat.sum(0), "h0": carry[0], "x": (dA @ U)[0]}

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    return _batch_backward(U, W, V, x[None], y[None], h[None], h0[None], y_hat[None])
