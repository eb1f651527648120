# exercise: lstm-gates
# function: grad_c
# mistake: grad_c: the forget gate of the same step f[t] instead of that of the next step f[t+1] in the recursion
import numpy as np

def grad_o(c, grad_h):
    return grad_h * np.tanh(c)

def grad_c(o, c, f, grad_h):
    own = grad_h * o * (1 - np.tanh(c) ** 2)
    out = []
    acc = np.zeros(c.shape[1])
    for t in range(len(c) - 1, -1, -1):
        acc = own[t] + acc * f[t]
        out.insert(0, acc)
    return np.array(out)
