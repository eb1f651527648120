# exercise: backwards
# function: grad_h
# mistake: grad_h: loop stops one step early (range(T-2, 0, -1)), the first row is left at zero
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    B = 1
    dh = np.zeros((B, T, H))
    hb, gb = h[None], grad_o[None]
    dh[:, -1] = gb[:, -1] @ V
    for t in range(T - 2, 0, -1):
        dh[:, t] = gb[:, t] @ V + (dh[:, t + 1] * (1 - hb[:, t + 1] ** 2)) @ W
    return dh[0]
