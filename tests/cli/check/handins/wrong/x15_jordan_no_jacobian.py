# exercise: jordan
# function: grad_o
# mistake: grad_y_hat is added to y_hat - onehot as it is, without going through the Jacobian of the softmax
import numpy as np

def grad_o(y_hat, y, grad_y_hat):
    g = y_hat.copy()
    for t in range(len(y)):
        g[t, y[t]] -= 1
    return g + grad_y_hat
