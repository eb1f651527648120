# exercise: lstm
# function: backward
# mistake: gates swapped: grad_i gets grad_c * i and grad_g gets grad_c * g (each should get the other one)
# mistake: grad_d (bias of the scores): mean over the steps instead of the sum
import numpy as np

def backward(W_i, W_f, W_g, W_o, V, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    steps = len(y)
    def prev(arr, first, t):
        return first if t == 0 else arr[t - 1]
    err = y_hat.copy()
    for t in range(steps):
        err[t, y[t]] -= 1.0
    lists = {'i': [], 'f': [], 'g': [], 'o': []}
    into_h, into_c = 0.0, 0.0
    for t in reversed(range(steps)):
        dh = V.T @ err[t] + into_h
        th = np.tanh(c[t])
        dc = dh * o[t] * (1 - th * th) + into_c
        lists['o'].append(dh * th * o[t] * (1 - o[t]))
        lists['f'].append(dc * prev(c, c0, t) * f[t] * (1 - f[t]))
        lists['i'].append(dc * i[t] * i[t] * (1 - i[t]))
        lists['g'].append(dc * g[t] * (1 - g[t] * g[t]))
        into_h = W_i.T @ lists['i'][-1] + W_f.T @ lists['f'][-1] + W_g.T @ lists['g'][-1] + W_o.T @ lists['o'][-1]
        into_c = dc * f[t]
    res = {'V': err.T @ h, 'd': err.mean(axis=0)}
    for k in lists:
        d = np.array(lists[k][::-1])
        res['b_' + k] = d.sum(axis=0)
        res['U_' + k] = d.T @ x
        res['W_' + k] = sum(np.outer(d[t], prev(h, h0, t)) for t in range(steps))
    return res
