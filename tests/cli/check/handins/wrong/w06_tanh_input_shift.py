# exercise: tanh
# function: h
# mistake: h: uses the input of the step before, x[t-1] in 0-based rows (at the first step it wraps round to the last input)
import numpy as np

def h(Wxh, Whh, bh, xs, h_prev):
    T, H = len(xs), len(bh)
    hs = np.empty((T, H))
    col = h_prev.reshape(-1, 1)
    for t in range(T):
        xt = xs[t - 1].reshape(-1, 1)
        col = np.tanh(np.dot(Wxh, xt) + np.dot(Whh, col) + bh.reshape(-1, 1))
        hs[t] = col.ravel()
    return hs
