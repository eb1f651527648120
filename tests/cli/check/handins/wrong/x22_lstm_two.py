# exercise: lstm
# function: backward
# mistake: the gradient by the forget gate uses the cell of the same step c_t instead of the cell before it c_{t-1}
# mistake: the candidate g is treated like a sigmoid gate: its derivative is g (1 - g) instead of 1 - g^2
import numpy as np

def backward(W_i, W_f, W_g, W_o, V, x, y, h0, h, c, i, f, g, o, y_hat):
    sig = lambda s: s * (1.0 - s)
    T, H = h.shape
    S = y_hat - np.eye(V.shape[0])[y]
    tc = np.tanh(c)
    Ai, Af, Ag, Ao = (np.zeros((T, H)) for _ in range(4))
    dhn = np.zeros(H)
    dcn = np.zeros(H)
    for t in range(T-1, -1, -1):
        dh = V.T @ S[t] + dhn
        dc = dcn + dh * o[t] * (1 - tc[t]**2)
        Ao[t] = dh * tc[t] * sig(o[t])
        Af[t] = dc * c[t] * sig(f[t])
        Ai[t] = dc * g[t] * sig(i[t])
        Ag[t] = dc * i[t] * sig(g[t])
        dcn = f[t] * dc
        dhn = W_i.T @ Ai[t] + W_f.T @ Af[t] + W_g.T @ Ag[t] + W_o.T @ Ao[t]
    hp = np.vstack([h0[None, :], h[:-1]])
    out = {"V": S.T @ h, "d": S.sum(0)}
    for name, A in zip("ifgo", (Ai, Af, Ag, Ao)):
        out["W_" + name] = A.T @ hp
        out["U_" + name] = A.T @ x
        out["b_" + name] = A.sum(0)
    return out
