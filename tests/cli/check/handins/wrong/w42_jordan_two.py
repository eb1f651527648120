# exercise: jordan
# function: backward
# mistake: softmax Jacobian taken as diagonal only, p*(1-p) * grad_y_hat, the off-diagonal -p_i p_j forgotten
# mistake: grad_W: at the first step zeros instead of y_hat0
import numpy as np

def backward(U, W, b, V, c, x, y, h, y_hat, y_hat0):
    gU, gW, gb, gV, gc = (np.zeros_like(m) for m in (U, W, b, V, c))
    dp = np.zeros(V.shape[0])
    for t in range(len(y) - 1, -1, -1):
        p = y_hat[t]
        do = p - np.eye(len(p))[y[t]] + p * (1 - p) * dp
        gV += np.outer(do, h[t])
        gc += do
        da = (V.T @ do) * (1 - h[t]**2)
        if t > 0:
            gW += np.outer(da, y_hat[t-1])
        gU += np.outer(da, x[t])
        gb += da
        dp = W.T @ da
    return {"U": gU, "W": gW, "b": gb, "V": gV, "c": gc}
