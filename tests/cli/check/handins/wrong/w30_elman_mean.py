# exercise: elman
# function: backward
# mistake: grad_o is divided by T (loss taken as the mean over the steps instead of the sum), so every gradient is a factor T too small
import numpy as np

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    T, H = h.shape
    Y = np.zeros_like(y_hat)
    Y[np.arange(T), y] = 1
    go = (y_hat - Y) / T
    gV = go.T @ h
    gc = go.sum(axis=0)
    ga = np.zeros((T, H))
    nxt = np.zeros(H)
    for t in range(T)[::-1]:
        ga[t] = (V.T @ go[t] + nxt) * (1 - h[t]**2)
        nxt = W.T @ ga[t]
    h_prev = np.r_[h0[None, :], h[:-1]]
    return dict(U=ga.T @ x, W=ga.T @ h_prev, b=ga.sum(0), V=gV, c=gc, h0=nxt)
