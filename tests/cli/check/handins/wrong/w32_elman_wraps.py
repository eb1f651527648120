# exercise: elman
# function: backward
# mistake: grad_W: h[t-1] also at t=0, where it wraps round to the last state instead of h0
import numpy as np

def backward(x, y, h, y_hat, U, W, V, b, c, h0):
    dL = lambda t: y_hat[t] - np.eye(V.shape[0])[y[t]]
    gU = np.zeros_like(U); gW = np.zeros_like(W); gV = np.zeros_like(V); gb = np.zeros_like(b); gc = np.zeros_like(c)
    delta = np.zeros_like(b)
    t = len(x) - 1
    while t >= 0:
        e = dL(t)
        delta = (e @ V + delta @ W) * (1 - h[t]**2)
        gV += np.outer(e, h[t])
        gc += e
        gW += np.outer(delta, h[t-1])
        gU += np.outer(delta, x[t])
        gb += delta
        t -= 1
    return {'U': gU, 'W': gW, 'b': gb, 'V': gV, 'c': gc}
