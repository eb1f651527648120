# exercise: elman
# function: backward
# mistake: the return is forgotten: backward computes everything and gives None
import numpy as np

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    T = len(y)
    dU = np.zeros(U.shape)
    dW = np.zeros(W.shape)
    dV = np.zeros(V.shape)
    db = np.zeros(b.shape)
    dc = np.zeros(c.shape)
    dh_next = np.zeros(b.shape)
    for t in reversed(range(T)):
        do = y_hat[t].copy()
        do[y[t]] -= 1
        dV += np.outer(do, h[t])
        dc += do
        dh = V.T @ do + dh_next
        da = dh * (1 - h[t] ** 2)
        db += da
        dU += np.outer(da, x[t])
        h_last = h[t - 1] if t > 0 else h0
        dW += np.outer(da, h_last)
        dh_next = W.T @ da
    grads = {"U": dU, "W": dW, "V": dV, "b": db, "c": dc}
