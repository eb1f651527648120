# exercise: elman
# function: grad_o, grad_c, grad_V, grad_h, grad_W, grad_U, grad_b, grad_h0
# style: all eight single functions, batch-first inside (x[None]), names in another order
import numpy as np

def grad_o(y, y_hat):
    eye = np.eye(y_hat.shape[-1])
    return (y_hat[None] - eye[y][None]).squeeze(0)

def grad_c(grad_o):
    return grad_o[None].sum(axis=(0, 1))

def grad_V(h, grad_o):
    return np.einsum('btv,bth->vh', grad_o[None], h[None])

def grad_h(grad_o, h, V, W):
    go, hb = grad_o[None], h[None]
    B, T, H = hb.shape
    out = np.empty((B, T, H))
    nxt = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        out[:, t] = go[:, t] @ V + nxt
        nxt = (out[:, t] * (1 - hb[:, t] ** 2)) @ W
    return out[0]

def grad_W(grad_h, h, h0):
    ga = (grad_h * (1 - h ** 2))[None]
    prev = np.concatenate([h0[None, None], h[None, :-1]], axis=1)
    return np.matmul(ga.transpose(0, 2, 1), prev).sum(axis=0)

def grad_U(grad_h, h, x):
    ga = (grad_h * (1 - h ** 2))[None]
    return np.matmul(ga.transpose(0, 2, 1), x[None]).sum(axis=0)

def grad_b(grad_h, h):
    return (grad_h * (1 - h ** 2))[None].sum(axis=(0, 1))

def grad_h0(W, grad_h, h):
    return W.T @ ((1 - h[0] ** 2) * grad_h[0])
