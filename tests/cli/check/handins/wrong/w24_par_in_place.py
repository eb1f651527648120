# exercise: parameters
# function: grad_W, grad_U, grad_b
# mistake: grad_W, grad_U, grad_b: each multiplies the argument grad_h by (1 - h**2) IN PLACE, so the first call is right but whoever uses grad_h afterwards gets a changed array
import numpy as np

def grad_W(h, h0, grad_h):
    grad_h *= 1 - h ** 2
    h_shift = np.concatenate((h0[np.newaxis], h[:-1]), axis=0)
    return np.tensordot(grad_h, h_shift, axes=(0, 0))

def grad_U(h, x, grad_h):
    grad_h *= 1 - h ** 2
    return np.tensordot(grad_h, x, axes=(0, 0))

def grad_b(h, grad_h):
    grad_h *= 1 - h ** 2
    return grad_h.sum(0)
