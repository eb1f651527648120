# exercise: gru
# function: grad_h
# mistake: grad_h: the direct way h_t -> h_{t+1} uses z of step t instead of z of step t+1
import numpy as np

def grad_h(V, grad_o, z, r, W_r, W_z, grad_q, grad_a_r, grad_a_z):
    T = grad_o.shape[0]
    gh = np.zeros((T, V.shape[1]))
    for t in reversed(range(T)):
        gh[t] = V.T @ grad_o[t]
        if t < T - 1:
            gh[t] += z[t] * gh[t+1]
            gh[t] += r[t+1] * grad_q[t+1]
            gh[t] += W_r.T @ grad_a_r[t+1]
            gh[t] += W_z.T @ grad_a_z[t+1]
    return gh

def grad_W_n(grad_a_n, q):
    return grad_a_n.T @ q

def grad_U_z(grad_a_z, x):
    return grad_a_z.T @ x

def grad_b_r(grad_a_r):
    return grad_a_r.sum(axis=0)
