# exercise: elman
# function: backward
# mistake: grad_o = 2*(y_hat - onehot), as if the loss were a squared error: every gradient twice too large (also everything in float32)
import numpy as np

def backward(U, W, b, V, c, x, y, h0, h, y_hat):
    f = lambda q: np.asarray(q, dtype=np.float32)
    U, W, b, V, c, x, h0, h, y_hat = map(f, (U, W, b, V, c, x, h0, h, y_hat))
    T = len(y)
    onehot = np.zeros_like(y_hat)
    onehot[range(T), y] = 1
    err = 2 * (y_hat - onehot)
    grads = {"V": err.T @ h, "c": err.sum(0), "U": np.zeros_like(U), "W": np.zeros_like(W), "b": np.zeros_like(b)}
    back = np.zeros_like(b)
    for t in range(T - 1, -1, -1):
        d = (err[t] @ V + back) * (1 - h[t] * h[t])
        grads["U"] += np.outer(d, x[t])
        grads["W"] += np.outer(d, h[t - 1] if t else h0)
        grads["b"] += d
        back = d @ W
    return grads
