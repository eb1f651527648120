# exercise: elman
# function: backward
# mistake: the gradient by the scores is divided by T, as for the mean of the loss over time; the loss is the sum
# mistake: in the gradient by W, h[t-1] at the first step (t = 0) is h[-1], the LAST state, instead of h0
import numpy as np

def backward(U, W, V, b, c, x, y, h, y_hat):
    T, H = h.shape
    grads = {"U": np.zeros(U.shape), "W": np.zeros(W.shape), "V": np.zeros(V.shape),
             "b": np.zeros(b.shape), "c": np.zeros(c.shape)}
    d_o = y_hat.copy()
    d_o[np.arange(T), y] -= 1
    d_o /= T
    back = np.zeros(H)
    for t in range(T - 1, -1, -1):
        grads["V"] += np.outer(d_o[t], h[t])
        grads["c"] += d_o[t]
        d_a = (V.T @ d_o[t] + back) * (1 - h[t]**2)
        grads["W"] += np.outer(d_a, h[t-1])
        grads["U"] += np.outer(d_a, x[t])
        grads["b"] += d_a
        back = W.T @ d_a
    return grads
