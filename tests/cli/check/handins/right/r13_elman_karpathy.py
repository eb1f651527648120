# exercise: elman
# function: backward
# style: karpathy min-char-rnn: column vectors, dicts of steps with hs[-1], dhnext
import numpy as np

def backward(xs, targets, hs, ps, Wxh, Whh, Why, bh, by, h_prev):
    col = lambda v: np.array(v).reshape(-1, 1)
    hs = {t: col(hs[t]) for t in range(len(hs))}
    hs[-1] = col(h_prev)
    xs = {t: col(v) for t, v in enumerate(xs)}
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(col(bh)), np.zeros_like(col(by))
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        dy = np.copy(col(ps[t]))
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return {"W": dWhh, "U": dWxh, "V": dWhy, "b": dbh.ravel(), "c": dby.ravel(), "h0": dhnext.ravel()}
