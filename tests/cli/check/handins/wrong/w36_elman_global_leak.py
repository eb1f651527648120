# exercise: elman
# function: backward
# mistake: the gradients are gathered in a global dict that is not reset: the first call is right, every later call adds to the ones before
import numpy as np

GRADS = {}

def add(name, value):
    GRADS[name] = GRADS[name] + value if name in GRADS else value

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    carry = np.zeros(h.shape[1])
    for t in range(len(y) - 1, -1, -1):
        do = y_hat[t].copy()
        do[y[t]] -= 1.0
        da = (1 - h[t] ** 2) * (V.T @ do + carry)
        add("V", np.outer(do, h[t]))
        add("c", do)
        add("U", np.outer(da, x[t]))
        add("W", np.outer(da, h0 if t == 0 else h[t - 1]))
        add("b", da)
        carry = W.T @ da
    return dict(GRADS)
