# exercise: tanh
# function: grad_a
# mistake: grad_a: tanh applied twice, 1 - tanh(h)**2 although h is already tanh(a)
import numpy as np

dtanh = lambda u: 1.0 - np.tanh(u) ** 2

def grad_a(h, grad_h):
    return grad_h * dtanh(h)
