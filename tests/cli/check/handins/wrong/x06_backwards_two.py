# exercise: backwards
# function: grad_h
# mistake: the last row stays zero, the loop starts at T-2 and the last step's own part V^T grad_o is never put in
# mistake: the tanh derivative 1 - h_{t+1}^2 is missing on the way from step t+1 to step t
import numpy as np

def grad_h(W, V, h, grad_o):
    T = len(h)
    gh = np.zeros_like(h)
    for t in range(T-2, -1, -1):
        gh[t] = np.dot(V.T, grad_o[t]) + np.dot(W.T, gh[t+1])
    return gh
