# exercise: elman
# function: backward
# mistake: in the gradient by W the state of the same step h_t is used instead of the state before it h_{t-1}
import numpy as np

def backward(U, W, b, V, c, x, y, h0, h, y_hat):
    T = len(x)
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    db, dc = np.zeros_like(b), np.zeros_like(c)
    dhnext = np.zeros_like(h[0])
    for t in reversed(range(T)):
        do = y_hat[t].copy()
        do[y[t]] -= 1
        dV += np.outer(do, h[t])
        dc += do
        dh = V.T @ do + dhnext
        da = (1 - h[t] ** 2) * dh
        db += da
        dU += np.outer(da, x[t])
        dW += np.outer(da, h[t])
        dhnext = W.T @ da
    return {"U": dU, "W": dW, "b": db, "V": dV, "c": dc, "h0": dhnext}
