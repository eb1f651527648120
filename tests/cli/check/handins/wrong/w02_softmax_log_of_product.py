# exercise: softmax
# function: L
# mistake: L: takes the log of (onehot * y_hat) so that all the zeros outside the target go through log and the loss is infinite / NaN
import numpy as np

def onehot(y, n):
    Y = np.zeros((len(y), n))
    for t, k in enumerate(y):
        Y[t][k] = 1.0
    return Y

def y_hat(o):
    out = []
    for row in o:
        ex = np.exp(row - max(row))
        out.append(ex / sum(ex))
    return np.array(out)

def L(y_hat, y):
    Y = onehot(y, y_hat.shape[1])
    return float(-np.sum(np.log(Y * y_hat)))

def grad_o(y_hat, y):
    return y_hat - onehot(y, y_hat.shape[1])
