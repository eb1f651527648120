# exercise: truncated
# function: grad_h
# mistake: grad_h: cut one step off: nothing is taken from the next step when t (0-based) is a multiple of K, instead of when t+1 is
# note: with K=1 the answer is right (nothing ever flows back)
import numpy as np

def grad_h(W, V, h, grad_o, K):
    T, H = h.shape
    out = np.zeros((T, H))
    for t in range(T - 1, -1, -1):
        out[t] = V.T @ grad_o[t]
        if t + 1 < T and t % K != 0:
            out[t] += W.T @ (out[t + 1] * (1 - h[t + 1] ** 2))
    return out
