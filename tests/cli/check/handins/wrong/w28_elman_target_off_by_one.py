# exercise: elman
# function: backward
# mistake: grad_o = y_hat - onehot with the one at class y[t]-1 (classes counted from 1), for y[t]=0 it lands on the last class
import numpy as np

class BPTT:
    def __init__(self, U, W, V):
        self.U, self.W, self.V = U, W, V
        self.g = {"U": np.zeros_like(U), "W": np.zeros_like(W), "V": np.zeros_like(V),
                  "b": np.zeros(W.shape[0]), "c": np.zeros(V.shape[0])}
        self.carry = np.zeros(W.shape[0])

    def step(self, x_t, y_t, h_t, h_before, p_t):
        do = p_t - np.eye(len(p_t))[y_t - 1]
        self.g["V"] += np.outer(do, h_t)
        self.g["c"] += do
        dh = do @ self.V + self.carry
        da = dh * (1.0 - h_t ** 2)
        self.g["W"] += np.outer(da, h_before)
        self.g["U"] += np.outer(da, x_t)
        self.g["b"] += da
        self.carry = da @ self.W

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    net = BPTT(U, W, V)
    before = [h0] + list(h[:-1])
    for item in reversed(list(zip(x, y, h, before, y_hat))):
        net.step(*item)
    return net.g
