# exercise: parameters
# function: grad_W, grad_U, grad_b
# style: einsum with all three factors in one, shifted states by np.insert
import numpy as np

def dW(h, h0, grad_h):
    return np.einsum('ti,ti,tj->ij', 1 - h ** 2, grad_h, np.insert(h, 0, h0, axis=0)[:-1])

def dU(h, x, grad_h):
    return np.einsum('ti,ti,tj->ij', 1 - h ** 2, grad_h, x)

def db(h, grad_h):
    return np.einsum('ti,ti->i', 1 - h ** 2, grad_h)
