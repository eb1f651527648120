# exercise: backwards
# function: grad_h
# mistake: grad_h: W instead of W^T in the recurrent term (square, so nobody notices)
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    gh = np.zeros((T, H, 1))
    from_next = np.zeros((H, 1))
    for t in range(T - 1, -1, -1):
        gh[t] = np.matmul(V.T, grad_o[t][:, None]) + from_next
        D = np.diagflat(1 - h[t] ** 2)
        from_next = np.matmul(W, np.matmul(D, gh[t]))
    return gh[:, :, 0]
