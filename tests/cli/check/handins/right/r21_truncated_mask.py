# exercise: truncated
# function: backward
# style: all pairs (loss step s, parameter step t) with a mask "same piece", products of Jacobians in a table (T,T,H,H), einsum, no backward recursion
import numpy as np

def backward(U, W, V, b, c, x, y, h, h0, y_hat, K):
    T, H = h.shape
    # J[s, t] = dh_s / dh_t for s >= t within one piece, else 0
    J = np.zeros((T, T, H, H))
    for t in range(T):
        J[t, t] = np.eye(H)
        for s in range(t + 1, T):
            J[s, t] = ((1 - h[s] ** 2)[:, None] * W) @ J[s - 1, t]
    number = np.arange(T) // K
    mask = (number[:, None] == number[None, :]).astype(float)
    err = y_hat - np.eye(len(c))[y]
    gh = np.einsum('sv,vk,stkj,st->tj', err, V, J, mask)
    ga = gh * (1 - h ** 2)
    return {"W": np.einsum('ti,tj->ij', ga, np.vstack([h0[None], h[:-1]])), "U": np.einsum('ti,tj->ij', ga, x), "b": ga.sum(0),
            "V": np.einsum('tv,tj->vj', err, h), "c": err.sum(0)}
