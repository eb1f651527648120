# exercise: lstm-gates
# function: grad_f
# mistake: grad_f: multiplied by the cell of the same step c[t] instead of the cell before c[t-1] (c0 at the first step)
import numpy as np

def grad_f(f, c, c0, grad_c):
    return c * grad_c

def grad_i(g, grad_c):
    return g * grad_c

def grad_g(i, grad_c):
    return i * grad_c

def grad_a_f(f, grad_f):
    return f * (1 - f) * grad_f

def grad_a_i(i, grad_i):
    return i * (1 - i) * grad_i

def grad_a_g(g, grad_g):
    return (1 - g * g) * grad_g
