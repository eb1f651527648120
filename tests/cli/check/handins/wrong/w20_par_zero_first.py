# exercise: parameters
# function: grad_W
# mistake: grad_W: the state before the first step taken as zeros instead of h0
import numpy as np

def _prev(h):
    return np.vstack([np.zeros((1, h.shape[1])), h[:-1]])

def gW(h, h0, grad_h):
    ga = (1 - h * h) * grad_h
    return ga.T @ _prev(h)
