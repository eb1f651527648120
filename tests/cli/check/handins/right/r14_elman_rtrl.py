# exercise: elman
# function: backward
# style: RTRL: sensitivities dh_t/dtheta carried FORWARDS, nothing goes back in time
import numpy as np

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    T, H = h.shape
    I = x.shape[1]
    SW = np.zeros((H, H, H))        # d h_k / d W_ij
    SU = np.zeros((H, H, I))
    Sb = np.zeros((H, H))
    Sh = np.eye(H)
    eye = np.eye(H)
    G = {"U": np.zeros((H, I)), "W": np.zeros((H, H)), "b": np.zeros(H), "V": np.zeros_like(V), "c": np.zeros_like(c), "h0": np.zeros(H)}
    prev = h0
    for t in range(T):
        D = 1 - h[t] ** 2
        SW = D[:, None, None] * (np.einsum('ki,j->kij', eye, prev) + np.einsum('kl,lij->kij', W, SW))
        SU = D[:, None, None] * (np.einsum('ki,j->kij', eye, x[t]) + np.einsum('kl,lij->kij', W, SU))
        Sb = D[:, None] * (eye + W @ Sb)
        Sh = D[:, None] * (W @ Sh)
        e = y_hat[t].copy()
        e[y[t]] -= 1
        own = e @ V
        G["W"] += np.einsum('k,kij->ij', own, SW)
        G["U"] += np.einsum('k,kij->ij', own, SU)
        G["b"] += own @ Sb
        G["h0"] += own @ Sh
        G["V"] += np.outer(e, h[t])
        G["c"] += e
        prev = h[t]
    return G
