# exercise: elman
# function: backward
# mistake: loop over the steps runs forwards in time (first to last), dhnext is carried from step t-1 to step t
import numpy as np

def backward(xs, targets, hs, ps, Wxh, Whh, Why, h_init):
    dWxh, dWhh, dWhy = [np.zeros(M.shape) for M in (Wxh, Whh, Why)]
    dbh, dby = np.zeros((Whh.shape[0], 1)), np.zeros((Why.shape[0], 1))
    H = {t: hs[t].reshape(-1, 1) for t in range(len(hs))}
    H[-1] = h_init.reshape(-1, 1)
    dhnext = np.zeros((Whh.shape[0], 1))
    for t in range(len(xs)):
        dy = ps[t].reshape(-1, 1).copy()
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, H[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - H[t] ** 2) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].reshape(1, -1))
        dWhh += np.dot(dhraw, H[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return {"U": dWxh, "W": dWhh, "V": dWhy, "b": dbh[:, 0], "c": dby[:, 0]}
