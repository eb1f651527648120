# exercise: elman
# function: backward
# mistake: the gradient by h has only the part through the scores; the part through the next state is missing (no backpropagation through time at all)
import numpy as np

def backward(W, V, x, y, h0, h, y_hat):
    Y = np.eye(y_hat.shape[1])[y]
    grad_o = y_hat - Y
    grad_h = grad_o @ V
    grad_a = grad_h * (1 - h**2)
    h_prev = np.vstack([h0, h[:-1]])
    return dict(grad_V=grad_o.T @ h,
                grad_c=grad_o.sum(0),
                grad_W=grad_a.T @ h_prev,
                grad_U=grad_a.T @ x,
                grad_b=grad_a.sum(0))
