# exercise: backwards
# function: grad_h
# style: explicit double sum over later steps, with the product of the Jacobians dh_s/dh_t built up forwards
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    result = np.zeros((T, H))
    for t in range(T):
        J = np.eye(H)                      # dh_s / dh_t, starting with s = t
        for s in range(t, T):
            if s > t:
                J = np.diag(1 - h[s] ** 2) @ W @ J
            result[t] += J.T @ (V.T @ grad_o[s])
    return result
