# exercise: lstm-gates
# function: grad_c
# mistake: the gradient of the next cell is multiplied with f_t instead of f_{t+1}
import numpy as np

def grad_c(o, c, f, grad_h):
    T = c.shape[0]
    gc = np.zeros(c.shape)
    nxt = np.zeros(c.shape[1])
    for t in range(T-1, -1, -1):
        gc[t] = grad_h[t] * o[t] * (1 - np.tanh(c[t])**2) + f[t] * nxt
        nxt = gc[t]
    return gc
