# exercise: parameters
# function: grad_U, grad_b
# mistake: grad_b: derivative of tanh forgotten, just the sum of grad_h over the steps
# mistake: grad_U: divided by T (mean over time instead of sum)
import numpy as np

def grad_W(h, h0, grad_h):
    T = len(h)
    delta = (1 - h**2) * grad_h
    return sum(np.outer(delta[t], (h0 if t == 0 else h[t-1])) for t in range(T))

def grad_U(h, x, grad_h):
    T = len(h)
    delta = (1 - h**2) * grad_h
    return sum(np.outer(delta[t], x[t]) for t in range(T)) / T

def grad_b(h, grad_h):
    T = len(h)
    return sum(grad_h[t] for t in range(T))
