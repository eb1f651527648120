# exercise: elman
# function: backward
# style: complex step: every entry of every parameter moved by 1e-40 i, no derivative written down anywhere
import numpy as np

def backward(U, W, b, V, c, x, y, h0):
    theta = dict(U=U, W=W, b=b, V=V, c=c, h0=h0)

    def loss(p):
        s, total = p["h0"], 0
        for x_t, k in zip(x, y):
            s = np.tanh(p["b"] + p["W"] @ s + p["U"] @ x_t)
            o = p["c"] + p["V"] @ s
            total = total + np.log(np.exp(o).sum()) - o[k]
        return total

    eps = 1e-40
    grads = {}
    for name in theta:
        g = np.empty(theta[name].shape)
        it = np.nditer(theta[name], flags=["multi_index"])
        for _ in it:
            moved = theta[name].astype(complex)
            moved[it.multi_index] += 1j * eps
            g[it.multi_index] = loss({**theta, name: moved}).imag / eps
        grads["grad_" + name] = g
    return grads
