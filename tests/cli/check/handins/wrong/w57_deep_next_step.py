# exercise: deep
# function: grad_h1
# mistake: grad_h1: the term from the upper layer is taken from the next step, U2^T grad_a2[t+1], instead of the same step t
import numpy as np

def grad_h1(W1, U2, grad_a1, grad_a2):
    T, H1 = grad_a1.shape
    out = np.zeros((T, H1))
    for t in range(T - 1):
        out[t] = W1.T @ grad_a1[t + 1] + U2.T @ grad_a2[t + 1]
    out[T - 1] = U2.T @ grad_a2[T - 1]
    return out

def grad_h2(W2, V, grad_a2, grad_o):
    T, H2 = grad_a2.shape
    out = np.zeros((T, H2))
    for t in range(T - 1):
        out[t] = W2.T @ grad_a2[t + 1] + V.T @ grad_o[t]
    out[T - 1] = V.T @ grad_o[T - 1]
    return out

def grad_a1(h1, grad_h1):
    return (1 - h1**2) * grad_h1

def grad_a2(h2, grad_h2):
    return (1 - h2**2) * grad_h2
