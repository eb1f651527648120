# exercise: output
# function: grad_V, grad_c
# style: matrix products; ones vector for the sum, sum written as tensordot
import numpy as np

def grad_V(grad_o, h):
    return np.tensordot(grad_o, h, axes=([0], [0]))

def grad_c(grad_o):
    return np.ones(len(grad_o)) @ grad_o
