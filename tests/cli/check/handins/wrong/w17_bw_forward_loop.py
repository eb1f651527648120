# exercise: backwards
# function: grad_h
# mistake: grad_h: loop runs in the wrong direction, what is carried comes from step t-1 instead of step t+1
import numpy as np

def grad_h(W, V, h, grad_o):
    dhnext = np.zeros_like(h[0])
    res = np.zeros_like(h)
    for t in range(len(h)):
        dh = np.dot(V.T, grad_o[t]) + dhnext
        res[t] = dh
        dhraw = (1 - h[t] * h[t]) * dh
        dhnext = np.dot(W.T, dhraw)
    return res
