# exercise: lstm
# function: backward
# mistake: derivative of tanh(c) taken as 1 - c^2 instead of 1 - tanh(c)^2 in the way from h to the cell
import numpy as np
from dataclasses import dataclass, field

@dataclass
class Grad:
    W: dict = field(default_factory=dict)

    def add(self, key, value):
        self.W[key] = self.W[key] + value if key in self.W else value

def backward(W_i, W_f, W_g, W_o, V, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    G = Grad()
    W = np.concatenate([W_i, W_f, W_g, W_o], axis=0)
    H = len(h0)
    dh_next = np.zeros(H)
    dc_next = np.zeros(H)
    for t in range(len(y) - 1, -1, -1):
        h_before = h0 if t == 0 else h[t - 1]
        c_before = c0 if t == 0 else c[t - 1]
        ds = y_hat[t] - np.eye(V.shape[0])[y[t]]
        G.add("V", np.outer(ds, h[t]))
        G.add("d", ds)
        dh = ds @ V + dh_next
        dc = dc_next + dh * o[t] * (1 - c[t] ** 2)
        da = np.concatenate([
            dc * g[t] * i[t] * (1 - i[t]),
            dc * c_before * f[t] * (1 - f[t]),
            dc * i[t] * (1 - g[t] ** 2),
            dh * np.tanh(c[t]) * o[t] * (1 - o[t]),
        ])
        for k, part in zip("ifgo", np.split(da, 4)):
            G.add("W_" + k, np.outer(part, h_before))
            G.add("U_" + k, np.outer(part, x[t]))
            G.add("b_" + k, part)
        dh_next = W.T @ da
        dc_next = f[t] * dc
    return G.W
