# exercise: lstm
# function: backward
# mistake: the cell gradient is carried to the step before without the forget gate: dc_next = dc instead of dc * f
import numpy as np

def backward(W_i, W_f, W_g, W_o, V, x, y, h, h0, c, c0, i, f, g, o, y_hat):
    T, H = h.shape
    grads = {}
    for k in 'ifgo':
        grads['W_' + k] = np.zeros((H, H))
        grads['U_' + k] = np.zeros((H, x.shape[1]))
        grads['b_' + k] = np.zeros(H)
    grads['V'] = np.zeros(V.shape)
    grads['d'] = np.zeros(V.shape[0])
    dh_next, dc_next = np.zeros(H), np.zeros(H)
    for t in reversed(range(T)):
        h_prev, c_prev = (h[t-1], c[t-1]) if t > 0 else (h0, c0)
        ds = y_hat[t].copy()
        ds[y[t]] -= 1
        grads['V'] += np.outer(ds, h[t])
        grads['d'] += ds
        dh = V.T @ ds + dh_next
        tc = np.tanh(c[t])
        do = dh * tc
        dc = dh * o[t] * (1 - tc**2) + dc_next
        da = {'i': dc * g[t] * i[t] * (1 - i[t]), 'f': dc * c_prev * f[t] * (1 - f[t]),
              'g': dc * i[t] * (1 - g[t]**2), 'o': do * o[t] * (1 - o[t])}
        for k in da:
            grads['W_' + k] += np.outer(da[k], h_prev)
            grads['U_' + k] += np.outer(da[k], x[t])
            grads['b_' + k] += da[k]
        dh_next = W_i.T @ da['i'] + W_f.T @ da['f'] + W_g.T @ da['g'] + W_o.T @ da['o']
        dc_next = dc
    return grads
