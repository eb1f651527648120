# exercise: backwards
# function: grad_h
# mistake: grad_h: derivative of tanh forgotten in the recurrent term, W^T grad_h[t+1] instead of W^T ((1-h[t+1]^2) * grad_h[t+1])
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    G = np.zeros((T, H))
    G[T-1] = V.T @ grad_o[T-1]
    for t in range(T-2, -1, -1):
        G[t] = V.T @ grad_o[t] + W.T @ G[t+1]
    return G
