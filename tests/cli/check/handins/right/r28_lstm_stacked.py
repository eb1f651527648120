# exercise: lstm
# function: backward
# style: all gates stacked to one (4H, 1+I+H) matrix like in fast implementations, column of ones for the bias, cut apart at the end
import numpy as np

def backward(U_i, W_i, b_i, U_f, W_f, b_f, U_g, W_g, b_g, U_o, W_o, b_o, V, d, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    T, H = h.shape
    I = x.shape[1]
    big = np.vstack([np.hstack([b[:, None], U, W]) for U, W, b in ((U_i, W_i, b_i), (U_f, W_f, b_f), (U_g, W_g, b_g), (U_o, W_o, b_o))])
    inputs = np.hstack([np.ones((T, 1)), x, np.vstack([h0, h[:-1]])])
    c_prev = np.vstack([c0, c[:-1]])
    tc = np.tanh(c)
    slopes = np.hstack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g ** 2), tc * o * (1 - o)])
    err = y_hat.copy()
    err[np.arange(T), y] -= 1
    dA = np.zeros((T, 4 * H))
    dh, dc = np.zeros(H), np.zeros(H)
    for t in range(T - 1, -1, -1):
        dh = dh + err[t] @ V
        dc = dc + dh * o[t] * (1 - tc[t] ** 2)
        dA[t] = slopes[t] * np.concatenate([dc, dc, dc, dh])
        dh = (dA[t] @ big)[1 + I:]
        dc = dc * f[t]
    dbig = dA.T @ inputs
    out = {"V": err.T @ h, "d": err.sum(0), "h0": dh, "c0": dc}
    for k, part in zip("ifgo", np.split(dbig, 4)):
        out["b_" + k], out["U_" + k], out["W_" + k] = part[:, 0], part[:, 1:1 + I], part[:, 1 + I:]
    return out
