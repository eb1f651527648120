# exercise: gru
# function: grad_n, grad_z, grad_a_n, grad_q, grad_r, grad_a_z, grad_a_r, grad_h, grad_W_r, grad_U_r, grad_b_r, grad_W_z, grad_U_z, grad_b_z, grad_W_n, grad_U_n, grad_b_n
# style: all single functions; grad_h without recursion: sum over later steps weighted with products of z (cumulative products), recursion in z solved in closed form
import numpy as np

def prev(h, h0):
    return np.r_[[h0], h[:-1]]

def grad_n(z, grad_h): return (1 - z) * grad_h
def grad_z(h, h0, n, grad_h): return (prev(h, h0) - n) * grad_h
def grad_a_n(n, grad_n): return (1 - n**2) * grad_n
def grad_q(W_n, grad_a_n): return grad_a_n @ W_n
def grad_r(h, h0, grad_q): return prev(h, h0) * grad_q
def grad_a_z(z, grad_z): return z * (1 - z) * grad_z
def grad_a_r(r, grad_r): return r * (1 - r) * grad_r

def grad_h(V, grad_o, z, r, W_r, W_z, grad_q, grad_a_r, grad_a_z):
    # G_t = s_t + z_{t+1} G_{t+1}   =>   G_t = sum_{k>=t} (prod_{t<j<=k} z_j) s_k
    s = grad_o @ V
    s[:-1] += r[1:] * grad_q[1:] + grad_a_r[1:] @ W_r + grad_a_z[1:] @ W_z
    T = len(s)
    G = np.zeros_like(s)
    for t in range(T):
        weights = np.cumprod(np.vstack([np.ones_like(s[:1]), z[t + 1:]]), axis=0)
        G[t] = (weights * s[t:]).sum(axis=0)
    return G

def grad_W_r(grad_a_r, h, h0): return grad_a_r.T @ prev(h, h0)
def grad_U_r(grad_a_r, x): return grad_a_r.T @ x
def grad_b_r(grad_a_r): return grad_a_r.sum(0)
def grad_W_z(grad_a_z, h, h0): return grad_a_z.T @ prev(h, h0)
def grad_U_z(grad_a_z, x): return grad_a_z.T @ x
def grad_b_z(grad_a_z): return grad_a_z.sum(0)
def grad_W_n(grad_a_n, q): return grad_a_n.T @ q
def grad_U_n(grad_a_n, x): return grad_a_n.T @ x
def grad_b_n(grad_a_n): return grad_a_n.sum(0)
