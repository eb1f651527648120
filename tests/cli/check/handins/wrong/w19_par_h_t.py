# exercise: parameters
# function: grad_W
# mistake: grad_W: outer product with the state of the same step h[t] instead of the state before h[t-1]
import numpy as np

def grad_W(h, h0, grad_h):
    dW = np.zeros((h.shape[1], h.shape[1]))
    for t in range(h.shape[0]):
        da = grad_h[t] * (1 - h[t] ** 2)
        dW += np.outer(da, h[t])
    return dW

def grad_U(h, x, grad_h):
    dU = np.zeros((h.shape[1], x.shape[1]))
    for t in range(h.shape[0]):
        da = grad_h[t] * (1 - h[t] ** 2)
        dU += np.outer(da, x[t])
    return dU

def grad_b(h, grad_h):
    return sum(grad_h[t] * (1 - h[t] ** 2) for t in range(h.shape[0]))
