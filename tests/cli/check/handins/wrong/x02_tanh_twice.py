# exercise: tanh
# function: grad_a
# mistake: tanh is applied once more to h, which is already tanh(a): the factor is 1 - tanh(h)^2 instead of 1 - h^2
import numpy as np

def d_tanh(x):
    return 1 - np.tanh(x) ** 2

def grad_a(h, grad_h):
    return grad_h * d_tanh(h)
