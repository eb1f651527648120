# exercise: gru-gates
# function: grad_a_r
# mistake: grad_a_r: derivative of tanh (1 - r^2) used for the sigmoid gate r, instead of r(1-r)
import numpy as np

def d_sigmoid(s):
    return s * (1 - s)

def d_tanh(s):
    return 1 - s ** 2

def grad_a_n(n, grad_n):
    return np.multiply(d_tanh(n), grad_n)

def grad_a_z(z, grad_z):
    return np.multiply(d_sigmoid(z), grad_z)

def grad_a_r(r, grad_r):
    return np.multiply(d_tanh(r), grad_r)
