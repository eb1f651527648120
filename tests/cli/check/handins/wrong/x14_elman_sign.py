# exercise: elman
# function: backward
# mistake: the gradient by the scores has the wrong sign, target minus prediction (onehot - y_hat) instead of y_hat - onehot; so every gradient has the wrong sign
import numpy as np

def one_hot(k, n):
    v = np.zeros(n); v[k] = 1.0
    return v

def backward(U, W, V, x, y, h, h0, y_hat):
    T = x.shape[0]; n = y_hat.shape[1]
    states = [h0] + list(h)
    gU = 0 * U; gW = 0 * W; gV = 0 * V
    gb = np.zeros(W.shape[0]); gc = np.zeros(n)
    delta = np.zeros(W.shape[0])
    for t in range(T, 0, -1):
        err = one_hot(y[t-1], n) - y_hat[t-1]
        gV = gV + np.outer(err, states[t])
        gc = gc + err
        # delta = error signal at the net input of the hidden layer
        delta = (V.T @ err + W.T @ delta) * (1 - states[t]**2)
        gW = gW + np.outer(delta, states[t-1])
        gU = gU + np.outer(delta, x[t-1])
        gb = gb + delta
    return {"U": gU, "W": gW, "V": gV, "b": gb, "c": gc}
