# exercise: deep
# function: backward
# style: one closure per layer that turns the gradient by its states into gradients of its parameters and its inputs; whole upper layer first, then the whole lower one
import numpy as np

def make_layer(U, W, s, first, inputs):
    def back(ds_from_above):
        da = []
        later = np.zeros(len(first))
        for own, state in zip(ds_from_above[::-1], s[::-1]):
            d = (own + later) * (1 - state ** 2)
            later = W.T @ d
            da.insert(0, d)
        da = np.array(da)
        before = np.array([first, *s[:-1]])
        return da.T @ inputs, da.T @ before, da.sum(0), da @ U, later
    return back

def backward(U1, W1, b1, U2, W2, b2, V, c, x, y, h1, h1_0, h2, h2_0, y_hat):
    top = make_layer(U2, W2, h2, h2_0, h1)
    bottom = make_layer(U1, W1, h1, h1_0, x)
    e = y_hat - np.identity(c.size)[y]
    gU2, gW2, gb2, into_h1, gh2_0 = top(e @ V)
    gU1, gW1, gb1, into_x, gh1_0 = bottom(into_h1)
    return {"grad_U1": gU1, "grad_W1": gW1, "grad_b1": gb1, "grad_U2": gU2, "grad_W2": gW2, "grad_b2": gb2,
            "grad_V": e.T @ h2, "grad_c": e.sum(0), "grad_x": into_x, "grad_h1_0": gh1_0, "grad_h2_0": gh2_0}
