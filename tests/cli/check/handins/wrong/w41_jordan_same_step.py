# exercise: jordan
# function: grad_y_hat
# mistake: grad_y_hat: W^T grad_a of the same step t instead of the next step t+1 (and so not zero at the last step)
import numpy as np

def grad_y_hat(W, grad_a):
    G = []
    for t in range(len(grad_a)):
        G.append(W.T @ grad_a[t])
    return np.array(G)

def grad_h(V, grad_o):
    return np.array([V.T @ g for g in grad_o])

def grad_a(h, grad_h):
    return np.array([(1 - s * s) * g for s, g in zip(h, grad_h)])

def grad_W(y_hat, y_hat0, grad_a):
    before = [y_hat0, *y_hat[:-1]]
    return sum(np.outer(g, p) for g, p in zip(grad_a, before))

def grad_U(x, grad_a):
    return sum(np.outer(g, s) for g, s in zip(grad_a, x))
