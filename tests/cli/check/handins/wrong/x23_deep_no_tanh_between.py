# exercise: deep
# function: backward
# mistake: from layer 2 down to layer 1, U2^T is applied to dh2 instead of da2: the tanh derivative of layer 2 is missing on the way down
import numpy as np

def backward(U1, W1, U2, W2, V, x, y, h1_0, h2_0, h1, h2, y_hat):
    T = len(x)
    dU1, dW1, dU2, dW2, dV = [np.zeros_like(p) for p in (U1, W1, U2, W2, V)]
    db1 = np.zeros(len(W1)); db2 = np.zeros(len(W2)); dc = np.zeros(len(V))
    next1 = np.zeros(len(W1)); next2 = np.zeros(len(W2))
    for t in reversed(range(T)):
        do = y_hat[t].copy()
        do[y[t]] -= 1
        dV += np.outer(do, h2[t])
        dc += do
        # upper layer
        dh2 = V.T @ do + next2
        da2 = dh2 * (1 - h2[t]**2)
        dU2 += np.outer(da2, h1[t])
        dW2 += np.outer(da2, h2[t-1] if t > 0 else h2_0)
        db2 += da2
        next2 = W2.T @ da2
        # lower layer
        dh1 = U2.T @ dh2 + next1
        da1 = dh1 * (1 - h1[t]**2)
        dU1 += np.outer(da1, x[t])
        dW1 += np.outer(da1, h1[t-1] if t > 0 else h1_0)
        db1 += da1
        next1 = W1.T @ da1
    return {"U1": dU1, "W1": dW1, "b1": db1, "U2": dU2, "W2": dW2, "b2": db2, "V": dV, "c": dc}
