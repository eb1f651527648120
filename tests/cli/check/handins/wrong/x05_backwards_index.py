# exercise: backwards
# function: dL_dh
# mistake: the tanh derivative is taken at step t (1 - h_t^2) instead of at step t+1 (1 - h_{t+1}^2)
import numpy as np

def dL_dh(Why, Whh, hs, do):
    out = do @ Why                      # direct part, all steps at once
    for t in reversed(range(len(hs) - 1)):
        out[t] += Whh.T @ ((1 - hs[t]**2) * out[t+1])
    return out
