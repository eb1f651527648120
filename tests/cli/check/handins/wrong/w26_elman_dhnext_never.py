# exercise: elman
# function: backward
# mistake: dhnext is added but never updated (the last line of the loop is missing), stays zero: no gradient through the recurrence
import numpy as np

def backward(xs, targets, hs, ps, Wxh, Whh, Why, bh, by, h_prev):
    hs = dict(enumerate(hs))
    T = len(hs)
    hs[-1] = h_prev
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(h_prev)
    for t in reversed(range(T)):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.outer(dy, hs[t])
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(dhraw, xs[t])
        dWhh += np.outer(dhraw, hs[t-1])
    return {"U": dWxh, "W": dWhh, "V": dWhy, "b": dbh, "c": dby}
