# exercise: output
# function: grad_V
# mistake: in the loop over time the gradient is assigned (=) instead of accumulated (+=), so only the last step counts
import numpy as np

def grad_V(grad_o, h):
    T = h.shape[0]
    gV = np.zeros((grad_o.shape[1], h.shape[1]))
    for t in range(T):
        gV = np.outer(grad_o[t], h[t])
    return gV
