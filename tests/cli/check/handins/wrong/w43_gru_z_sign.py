# exercise: gru-gates
# function: grad_z
# mistake: grad_z: sign the wrong way round, grad_h * (n - h_prev) instead of grad_h * (h_prev - n)
import numpy as np

def before(h, h0):
    return np.concatenate([[h0], h[:-1]])

def grad_n(z, grad_h):
    return (1 - z) * grad_h

def grad_z(h, h0, n, grad_h):
    return grad_h * (n - before(h, h0))

def grad_a_n(n, grad_n):
    return grad_n * (1 - n ** 2)

def grad_q(W_n, grad_a_n):
    return grad_a_n @ W_n

def grad_r(h, h0, grad_q):
    return grad_q * before(h, h0)

def grad_a_z(z, grad_z):
    return grad_z * z * (1 - z)

def grad_a_r(r, grad_r):
    return grad_r * r * (1 - r)
