# exercise: deep
# function: backward
# mistake: grad_U2: outer product with h1 of the step before instead of h1 of the same step
# mistake: the carry of layer 1 is set back to zero inside the loop, at each step: no recurrence in layer 1
import numpy as np

def backward(U1, W1, b1, U2, W2, b2, V, c, x, y, h1, h1_0, h2, h2_0, y_hat):
    names = ["U1", "W1", "b1", "U2", "W2", "b2", "V", "c"]
    g = {k: np.zeros_like(v) for k, v in zip(names, (U1, W1, b1, U2, W2, b2, V, c))}
    next1 = np.zeros_like(b1)
    next2 = np.zeros_like(b2)
    for t in reversed(range(len(y))):
        p1 = h1[t-1] if t else h1_0
        p2 = h2[t-1] if t else h2_0
        do = y_hat[t] - np.eye(len(c))[y[t]]
        g["V"] += np.outer(do, h2[t]); g["c"] += do
        d2 = (V.T @ do + next2) * (1 - h2[t]**2)
        g["W2"] += np.outer(d2, p2); g["U2"] += np.outer(d2, p1); g["b2"] += d2
        next1 = np.zeros_like(b1)
        d1 = (U2.T @ d2 + next1) * (1 - h1[t]**2)
        g["W1"] += np.outer(d1, p1); g["U1"] += np.outer(d1, x[t]); g["b1"] += d1
        next2 = W2.T @ d2
        next1 = W1.T @ d1
    return g
