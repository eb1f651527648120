# exercise: softmax
# function: y_hat, L, grad_o
# style: vectorised, log-sum-exp, put_along_axis
import numpy as np

def y_hat(o):
    m = o.max(axis=1, keepdims=True)
    lse = m + np.log(np.exp(o - m).sum(axis=1, keepdims=True))
    return np.exp(o - lse)

def L(y_hat, y):
    return float(-np.log(np.take_along_axis(y_hat, y[:, None], axis=1)).sum())

def grad_o(y_hat, y):
    g = np.array(y_hat)
    np.put_along_axis(g, y[:, None], np.take_along_axis(g, y[:, None], axis=1) - 1, axis=1)
    return g
