# exercise: tanh
# function: grad_a
# mistake: grad_a: derivative of tanh taken as 1 - h instead of 1 - h**2
import numpy as np

def h(U, W, b, x, h0):
    out = [h0]
    for x_t in x:
        out += [np.tanh(U.dot(x_t) + W.dot(out[-1]) + b)]
    return np.array(out[1:])

def grad_a(h, grad_h):
    res = np.zeros(h.shape)
    for t in range(h.shape[0]):
        J = np.diag(1 - h[t])
        res[t] = J.T @ grad_h[t]
    return res
