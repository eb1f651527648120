# exercise: elman
# function: backward
# mistake: gradient clipping left in: all gradients are rescaled so that their common norm is at most 0.25
import numpy as np

def clip_by_norm(grads, max_norm=0.25):
    norm = np.sqrt(sum(np.sum(g * g) for g in grads.values()))
    if norm > max_norm:
        grads = {k: g * max_norm / norm for k, g in grads.items()}
    return grads

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    T = len(y)
    grads = {k: np.zeros_like(p) for k, p in dict(U=U, W=W, V=V, b=b, c=c).items()}
    dh_next = np.zeros(len(b))
    for t in reversed(range(T)):
        do = y_hat[t] - (np.arange(len(c)) == y[t])
        dh = do @ V + dh_next
        da = dh - dh * h[t] ** 2
        grads['V'] += do[:, None] @ h[t][None]
        grads['c'] += do
        grads['U'] += da[:, None] @ x[t][None]
        grads['W'] += da[:, None] @ (h[t-1] if t else h0)[None]
        grads['b'] += da
        dh_next = da @ W
    return clip_by_norm(grads)
