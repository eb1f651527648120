# exercise: tanh
# function: h, grad_a
# style: Python recursion for the states, derivative of tanh as 1/cosh(a)^2 with a = artanh(h)
import numpy as np

def h(U, W, b, x, h0):
    def state(t):
        if t == 0:
            return [h0]
        past = state(t - 1)
        return past + [np.tanh(b + W @ past[-1] + U @ x[t - 1])]
    return np.array(state(len(x))[1:])

def grad_a(h, grad_h):
    return grad_h / np.cosh(np.arctanh(h)) ** 2
