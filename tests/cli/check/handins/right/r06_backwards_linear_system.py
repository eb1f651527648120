# exercise: backwards
# function: grad_h
# style: no loop over time in the recursion: block upper triangular system (I - N) vec(G) = vec(grad_o V), solved at once
import numpy as np

def grad_h(W, V, h, grad_o):
    T, H = h.shape
    A = np.eye(T * H).reshape(T, H, T, H)
    for t in range(T - 1):
        A[t, :, t + 1, :] = -W.T * (1 - h[t + 1] ** 2)
    rhs = (grad_o @ V).ravel()
    return np.linalg.solve(A.reshape(T * H, T * H), rhs).reshape(T, H)
