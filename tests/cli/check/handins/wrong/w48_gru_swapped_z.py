# exercise: gru
# function: backward
# mistake: z and 1-z swapped: n gets z*grad_h and the state before gets (1-z)*grad_h (as in the papers that write h = z n + (1-z) h_prev)
import numpy as np

def outer_add(acc, name, left, right):
    acc["grad_U_" + name] = acc.get("grad_U_" + name, 0) + np.outer(left, right[0])
    acc["grad_W_" + name] = acc.get("grad_W_" + name, 0) + np.outer(left, right[1])
    acc["grad_b_" + name] = acc.get("grad_b_" + name, 0) + left

def backward(W_r, W_z, W_n, V, x, y, h, h0, r, z, q, n, y_hat):
    acc = {"grad_V": 0, "grad_c": 0}
    dh = 0 * h0
    steps = list(range(len(y)))
    while steps:
        t = steps.pop()
        prev = h0 if t == 0 else h[t - 1]
        err = np.array([p - (k == y[t]) for k, p in enumerate(y_hat[t])])
        acc["grad_V"] = acc["grad_V"] + np.outer(err, h[t])
        acc["grad_c"] = acc["grad_c"] + err
        dh = dh + V.T @ err
        d_n = dh * z[t] * (1 - n[t] * n[t])
        d_z = dh * (prev - n[t]) * z[t] * (1 - z[t])
        d_q = W_n.T @ d_n
        d_r = d_q * prev * r[t] * (1 - r[t])
        outer_add(acc, "n", d_n, (x[t], q[t]))
        outer_add(acc, "z", d_z, (x[t], prev))
        outer_add(acc, "r", d_r, (x[t], prev))
        dh = dh * (1 - z[t]) + d_q * r[t] + W_z.T @ d_z + W_r.T @ d_r
    return acc
