# exercise: parameters
# function: grad_b
# mistake: (1 - h)^2 instead of 1 - h^2 (bracket in the wrong place)
import numpy as np

grad_b = lambda h, grad_h: np.sum((1 - h)**2 * grad_h, axis=0)
