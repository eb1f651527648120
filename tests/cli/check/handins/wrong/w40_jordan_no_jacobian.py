# exercise: jordan
# function: grad_o
# mistake: grad_o: what comes back through y_hat is added without the Jacobian of the softmax: y_hat - onehot + grad_y_hat
import numpy as np

def grad_o(y_hat, y, grad_y_hat):
    g = y_hat + grad_y_hat
    g[np.arange(len(y)), y] -= 1
    return g

def grad_y_hat(W, grad_a):
    out = np.zeros((grad_a.shape[0], W.shape[1]))
    out[:-1] = grad_a[1:] @ W
    return out
