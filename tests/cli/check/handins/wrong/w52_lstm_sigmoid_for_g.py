# exercise: lstm-gates
# function: grad_a_g
# mistake: grad_a_g: derivative of the sigmoid g(1-g) used for the tanh candidate g, instead of 1 - g^2
import numpy as np

def _gate(s, ds):
    return ds * s * (1 - s)

def grad_a_i(i, grad_i): return _gate(i, grad_i)
def grad_a_f(f, grad_f): return _gate(f, grad_f)
def grad_a_o(o, grad_o): return _gate(o, grad_o)
def grad_a_g(g, grad_g): return _gate(g, grad_g)
