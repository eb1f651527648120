# exercise: parameters
# function: grad_W
# mistake: grad_W: previous states by np.roll, so at the first step the last state h[T-1] stands where h0 should
import numpy as np

def dL_dW(h, h0, grad_h):
    h_before = np.roll(h, 1, axis=0)
    return np.einsum('ti,tj->ij', grad_h * (1 - np.square(h)), h_before)

def dL_dU(h, x, grad_h):
    return np.einsum('ti,tj->ij', grad_h * (1 - np.square(h)), x)

def dL_db(h, grad_h):
    return np.einsum('ti->i', grad_h * (1 - np.square(h)))
