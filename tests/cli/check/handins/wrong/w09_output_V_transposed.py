# exercise: output
# function: grad_V
# mistake: grad_V: outer product the wrong way round, h_t grad_o_t^T, the result has shape (H,V) = the transpose of the right one
import numpy as np

def grad_V(grad_o, h):
    G = 0
    for g_t, h_t in zip(grad_o, h):
        G = G + np.outer(h_t, g_t)
    return G

def grad_c(grad_o):
    return np.sum(grad_o, axis=0)
