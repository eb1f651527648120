# exercise: backwards
# function: grad_h
# mistake: grad_h: recurrent term forgotten altogether, only the output term V^T grad_o[t] at each step
import numpy as np

def grad_h(Whh, Why, hs, dy):
    # all the steps at once
    G = dy @ Why
    return G
