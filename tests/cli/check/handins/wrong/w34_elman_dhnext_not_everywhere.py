# exercise: elman
# function: backward
# mistake: dhnext is used for what is passed further back but not for the parameters: W, U and b get only the step's own output term (1-h^2) * V^T grad_o
import numpy as np

def backward(Wxh, Whh, Why, bh, by, xs, targets, hs, ps, h_prev):
    dWxh = np.zeros_like(Wxh); dWhh = np.zeros_like(Whh); dWhy = np.zeros_like(Why)
    dbh = np.zeros_like(bh); dby = np.zeros_like(by)
    dhnext = np.zeros_like(bh)
    for t in reversed(range(len(xs))):
        dy = np.copy(ps[t]); dy[targets[t]] -= 1
        dWhy += np.outer(dy, hs[t]); dby += dy
        dh = Why.T.dot(dy)
        dhraw = (1 - hs[t]**2) * dh
        dtotal = (1 - hs[t]**2) * (dh + dhnext)
        dbh += dhraw
        dWxh += np.outer(dhraw, xs[t])
        dWhh += np.outer(dhraw, h_prev if t == 0 else hs[t-1])
        dhnext = Whh.T.dot(dtotal)
    return {"grad_U": dWxh, "grad_W": dWhh, "grad_V": dWhy, "grad_b": dbh, "grad_c": dby}
