# exercise: gru-gates
# function: grad_n, grad_z, grad_a_n, grad_q, grad_r, grad_a_z, grad_a_r
# style: lambdas at module level and closures made by a factory
import numpy as np

def _prev(h, h0):
    out = np.empty_like(h)
    out[0], out[1:] = h0, h[:-1]
    return out

def _sigmoid_back(s, g):
    return g * (s - s * s)

grad_n = lambda z, grad_h: grad_h - z * grad_h

def grad_z(h, h0, n, grad_h):
    return grad_h * _prev(h, h0) - grad_h * n

grad_a_n = lambda n, grad_n: grad_n * (1 - n * n)
grad_q = lambda W_n, grad_a_n: np.einsum('ij,ti->tj', W_n, grad_a_n)

def grad_r(h, h0, grad_q):
    return np.multiply(_prev(h, h0), grad_q)

def grad_a_z(z, grad_z):
    return _sigmoid_back(z, grad_z)

def grad_a_r(r, grad_r):
    return _sigmoid_back(r, grad_r)
