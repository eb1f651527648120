# exercise: tanh
# function: h
# mistake: h: the recursion starts from zeros, the given h0 is not used (wrong from step 1 on)
import numpy as np

def h(U, W, b, x, h0):
    T = x.shape[0]
    H = W.shape[0]
    prev = np.zeros(H)
    states = []
    for t in range(T):
        prev = np.tanh(b + W @ prev + U @ x[t])
        states.append(prev)
    return np.stack(states)

def grad_a(h, grad_h):
    return (1 - h ** 2) * grad_h
