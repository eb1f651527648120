# exercise: elman
# function: backward
# mistake: derivative of tanh wanted at h[t+1] in the recurrent term, at the last step there is no h[t+1]: the function dies with a KeyError
import numpy as np

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    T = len(y)
    hs = {-1: h0}
    for t in range(T):
        hs[t] = h[t]
    dU, dW, dV = 0 * U, 0 * W, 0 * V
    db, dc = 0 * b, 0 * c
    dh = {T: np.zeros(len(b))}
    for t in range(T - 1, -1, -1):
        do = y_hat[t].copy(); do[y[t]] -= 1
        dh[t] = V.T @ do + W.T @ (dh[t + 1] * (1 - hs[t + 1] ** 2))
        da = dh[t] * (1 - hs[t] ** 2)
        dV += np.outer(do, hs[t]); dc += do
        dW += np.outer(da, hs[t - 1]); dU += np.outer(da, x[t]); db += da
    return {"grad_U": dU, "grad_W": dW, "grad_V": dV, "grad_b": db, "grad_c": dc}
