# exercise: lstm
# function: grad_s, grad_h, grad_o, grad_a_o, grad_c, grad_f, grad_a_f, grad_i, grad_a_i, grad_g, grad_a_g, grad_W_i, grad_U_i, grad_b_i, grad_W_f, grad_U_f, grad_b_f, grad_W_g, grad_U_g, grad_b_g, grad_W_o, grad_U_o, grad_b_o, grad_V, grad_d
# style: all single functions; loops with append and reverse for grad_c, grad_h by einsum; the weight functions with np.outer sums
import numpy as np

def grad_s(y_hat, y):
    return np.array([p - (np.arange(len(p)) == k) for p, k in zip(y_hat, y)])

def grad_h(V, W_i, W_f, W_g, W_o, grad_s, grad_a_i, grad_a_f, grad_a_g, grad_a_o):
    Ws = np.stack([W_i, W_f, W_g, W_o])
    da = np.stack([grad_a_i, grad_a_f, grad_a_g, grad_a_o])
    back = np.einsum('kij,kti->tj', Ws, da)
    out = np.einsum('vj,tv->tj', V, grad_s)
    out[:len(out) - 1] += back[1:]
    return out

def grad_o(c, grad_h): return np.tanh(c) * grad_h
def grad_a_o(o, grad_o): return grad_o * o * (1 - o)

def grad_c(o, c, f, grad_h):
    rows = []
    for t in range(len(c))[::-1]:
        direct = grad_h[t] * o[t] / np.cosh(c[t]) ** 2
        if rows:
            direct = direct + rows[-1] * f[t + 1]
        rows.append(direct)
    rows.reverse()
    return np.stack(rows)

def grad_f(f, c, c0, grad_c): return np.vstack([c0, c[:-1]]) * grad_c
def grad_a_f(f, grad_f): return grad_f * f * (1 - f)
def grad_i(g, grad_c): return g * grad_c
def grad_a_i(i, grad_i): return grad_i * i * (1 - i)
def grad_g(i, grad_c): return i * grad_c
def grad_a_g(g, grad_g): return grad_g * (1 - g ** 2)

def _w(da, h, h0):
    total = np.outer(da[0], h0)
    for t in range(1, len(da)):
        total = total + np.outer(da[t], h[t - 1])
    return total

def _u(da, x):
    return np.sum([np.outer(p, q) for p, q in zip(da, x)], axis=0)

def grad_W_i(grad_a_i, h, h0): return _w(grad_a_i, h, h0)
def grad_W_f(grad_a_f, h, h0): return _w(grad_a_f, h, h0)
def grad_W_g(grad_a_g, h, h0): return _w(grad_a_g, h, h0)
def grad_W_o(grad_a_o, h, h0): return _w(grad_a_o, h, h0)
def grad_U_i(grad_a_i, x): return _u(grad_a_i, x)
def grad_U_f(grad_a_f, x): return _u(grad_a_f, x)
def grad_U_g(grad_a_g, x): return _u(grad_a_g, x)
def grad_U_o(grad_a_o, x): return _u(grad_a_o, x)
def grad_b_i(grad_a_i): return sum(grad_a_i)
def grad_b_f(grad_a_f): return sum(grad_a_f)
def grad_b_g(grad_a_g): return sum(grad_a_g)
def grad_b_o(grad_a_o): return sum(grad_a_o)
def grad_V(grad_s, h): return _u(grad_s, h)
def grad_d(grad_s): return sum(grad_s)
