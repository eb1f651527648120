# exercise: deep
# function: grad_h2, grad_a2, grad_h1, grad_a1, grad_W1, grad_U1, grad_b1, grad_W2, grad_U2, grad_b2
# style: all single functions, vectorised over time (next step by a shifted copy padded with zeros)
import numpy as np

def _later(a):
    return np.pad(a, ((0, 1), (0, 0)))[1:]

def _earlier(s, first):
    return np.concatenate([first.reshape(1, -1), s])[:len(s)]

def grad_h2(W2, V, grad_a2, grad_o):
    return grad_o @ V + _later(grad_a2) @ W2

def grad_a2(h2, grad_h2):
    return grad_h2 - grad_h2 * h2 ** 2

def grad_h1(W1, U2, grad_a1, grad_a2):
    return grad_a2 @ U2 + _later(grad_a1) @ W1

def grad_a1(h1, grad_h1):
    return grad_h1 - grad_h1 * h1 ** 2

def grad_W1(grad_a1, h1, h1_0):
    return grad_a1.T @ _earlier(h1, h1_0)

def grad_U1(grad_a1, x):
    return grad_a1.T @ x

def grad_b1(grad_a1):
    return grad_a1.sum(axis=0)

def grad_W2(grad_a2, h2, h2_0):
    return grad_a2.T @ _earlier(h2, h2_0)

def grad_U2(grad_a2, h1):
    return grad_a2.T @ h1

def grad_b2(grad_a2):
    return grad_a2.sum(axis=0)
