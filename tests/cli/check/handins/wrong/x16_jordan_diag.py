# exercise: jordan
# function: backward
# mistake: of the softmax's Jacobian only the diagonal y_hat (1 - y_hat) is used for what comes through the next step, as if it were a sigmoid; the off-diagonal terms -y_hat_i y_hat_j are missing
import numpy as np

def backward(U, W, V, b, c, x, y, y_hat0, h, y_hat):
    T = len(x)
    dU = np.zeros_like(U); dW = np.zeros_like(W); dV = np.zeros_like(V)
    db = np.zeros_like(b); dc = np.zeros_like(c)
    dyhat = np.zeros(V.shape[0])         # nothing after the last step
    for t in reversed(range(T)):
        do = y_hat[t].copy()
        do[y[t]] -= 1
        do += y_hat[t] * (1 - y_hat[t]) * dyhat
        dV += np.outer(do, h[t]); dc += do
        da = (V.T @ do) * (1 - h[t]**2)
        yprev = y_hat[t-1] if t > 0 else y_hat0
        dW += np.outer(da, yprev)
        dU += np.outer(da, x[t])
        db += da
        dyhat = W.T @ da
    return {"U": dU, "W": dW, "V": dV, "b": db, "c": dc}
