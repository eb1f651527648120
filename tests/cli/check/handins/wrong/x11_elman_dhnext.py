# exercise: elman
# function: backward
# mistake: what is passed to the step before is W^T dh instead of W^T da: the tanh derivative is left out on the way back in time (the parameters' own terms have it)
import numpy as np

def backward(x, y, h0, Wxh, Whh, Why, bh, by, hs, ps):
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dy = np.copy(ps[t])
        dy[y[t]] -= 1
        dWhy += np.outer(dy, hs[t])
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(dhraw, x[t])
        hprev = hs[t-1] if t > 0 else h0
        dWhh += np.outer(dhraw, hprev)
        dhnext = np.dot(Whh.T, dh)
    return {"U": dWxh, "W": dWhh, "V": dWhy, "b": dbh, "c": dby}
