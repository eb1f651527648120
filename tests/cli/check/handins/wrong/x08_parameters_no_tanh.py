# exercise: parameters
# function: dWxh
# mistake: the tanh derivative 1 - h^2 is missing, grad_h is used where grad_a is needed
import numpy as np

def dWxh(xs, hs, dh):
    # dL/dU = sum_t dL/dh_t x_t^T
    return np.einsum('ti,tj->ij', dh, xs)
