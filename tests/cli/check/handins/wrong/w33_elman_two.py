# exercise: elman
# function: backward
# mistake: grad_o with the sign reversed, onehot - y_hat (every gradient gets a minus sign)
# mistake: grad_b: sums grad_h instead of grad_a, the derivative of tanh is missing there only
import numpy as np

def backward(U, W, b, V, c, x, y, h0, h, y_hat):
    T, n = h.shape
    target = np.eye(V.shape[0])[y]
    grad_o = target - y_hat
    grad_h = np.empty((T, n))
    grad_h[-1] = grad_o[-1] @ V
    for t in range(T - 2, -1, -1):
        grad_h[t] = grad_o[t] @ V + ((1 - h[t + 1]**2) * grad_h[t + 1]) @ W
    grad_a = (1 - h**2) * grad_h
    grad_W = np.einsum('ti,tj->ij', grad_a, np.concatenate([h0[None], h[:-1]]))
    grad_U = np.einsum('ti,tj->ij', grad_a, x)
    grad_b = np.einsum('ti->i', grad_h)
    grad_V = np.einsum('tv,ti->vi', grad_o, h)
    grad_c = np.einsum('tv->v', grad_o)
    return {"W": grad_W, "U": grad_U, "b": grad_b, "V": grad_V, "c": grad_c}
