# exercise: output
# function: grad_c
# mistake: grad_c: summed over the wrong axis (over the classes), the result has one number per time step instead of one per class
import numpy as np

def grad_V(do, hs):
    return np.einsum('tv,th->vh', do, hs)

def grad_c(do):
    return np.einsum('tv->t', do)
