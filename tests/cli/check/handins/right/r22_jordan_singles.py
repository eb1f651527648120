# exercise: jordan
# function: grad_y_hat, grad_o, grad_h, grad_a, grad_W, grad_U, grad_b
# style: all single functions, vectorised over time
import numpy as np

def grad_y_hat(W, grad_a):
    back = grad_a @ W
    return np.concatenate([back[1:], np.zeros((1, W.shape[1]))])

def grad_o(y_hat, y, grad_y_hat):
    total = grad_y_hat - (np.arange(y_hat.shape[1]) == y[:, None]) / y_hat
    return y_hat * (total - np.sum(total * y_hat, axis=1)[:, None])

def grad_h(V, grad_o):
    return grad_o @ V

def grad_a(h, grad_h):
    return (1 + h) * (1 - h) * grad_h

def grad_W(y_hat, y_hat0, grad_a):
    shifted = np.roll(y_hat, 1, axis=0)
    shifted[0] = y_hat0
    return grad_a.T @ shifted

def grad_U(x, grad_a):
    return grad_a.T @ x

def grad_b(grad_a):
    return np.add.reduce(grad_a)
