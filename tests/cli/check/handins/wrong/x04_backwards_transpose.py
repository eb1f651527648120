# exercise: backwards
# function: grad_h
# mistake: W is used instead of its transpose W^T when the gradient goes back from step t+1 to step t
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    dh = np.zeros((T, H))
    dh[T - 1] = V.T @ grad_o[T - 1]
    for t in range(T - 2, -1, -1):
        D = np.diag(1 - h[t + 1] ** 2)
        dh[t] = W @ D @ dh[t + 1] + V.T @ grad_o[t]
    return dh
