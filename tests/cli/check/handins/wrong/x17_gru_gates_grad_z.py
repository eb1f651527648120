# exercise: gru-gates
# function: grad_z
# mistake: wrong sign, n - h_prev instead of h_prev - n (roles of z and 1-z swapped)
import numpy as np

def grad_z(h, h0, n, grad_h):
    h_prev = np.concatenate([h0[None], h[:-1]], axis=0)
    return grad_h * (n - h_prev)
