# exercise: backwards
# function: grad_h
# mistake: grad_h: the output term V^T grad_o[t] is there only at the last step, forgotten at all earlier steps
import numpy as np

def grad_h(W, V, h, grad_o):
    T = h.shape[0]
    dh = [None] * T
    dh[-1] = np.einsum('vh,v->h', V, grad_o[-1])
    for t in range(T - 2, -1, -1):
        da_next = dh[t + 1] * (1 - h[t + 1] ** 2)
        dh[t] = np.einsum('kh,k->h', W, da_next)
    return np.stack(dh, axis=0)
