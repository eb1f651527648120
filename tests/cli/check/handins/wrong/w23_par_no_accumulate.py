# exercise: parameters
# function: grad_U
# mistake: grad_U: = instead of += in the loop, only the last step of the loop (the last time step) is kept
import numpy as np

def grad_W(h, h0, grad_h):
    dW = np.zeros((h0.size, h0.size))
    h_prev = h0
    for h_t, g_t in zip(h, grad_h):
        dW += ((1 - h_t**2) * g_t)[:, None] * h_prev[None, :]
        h_prev = h_t
    return dW

def grad_U(h, x, grad_h):
    dU = np.zeros((h.shape[1], x.shape[1]))
    for h_t, x_t, g_t in zip(h, x, grad_h):
        dU = ((1 - h_t**2) * g_t)[:, None] * x_t[None, :]
    return dU
