# exercise: backwards
# function: grad_h
# mistake: grad_h: derivative of tanh in the recurrent term taken at h[t] instead of at h[t+1]
import numpy as np

def nabla_h(W, V, h, grad_o):
    T = len(h)
    out = []
    nxt = np.zeros(W.shape[0])
    for t in reversed(range(T)):
        d = 1 - h[t] ** 2
        nxt = grad_o[t] @ V + W.T @ (d * nxt)
        out.append(nxt)
    out.reverse()
    return np.array(out)
