# exercise: parameters
# function: grad_W
# mistake: the sum starts at the second step; the first step's term with h0 is left out
import numpy as np

def grad_W(h, h0, grad_h):
    T, H = h.shape
    res = np.zeros((H, H))
    for t in range(1, T):
        delta = (1 - h[t] * h[t]) * grad_h[t]
        res += delta[:, None] * h[t - 1][None, :]
    return res
