# exercise: elman
# function: backward
# style: classes, one cell object per step with its own backward, column vectors, objects linked to each other
import numpy as np

class Affine:
    def __init__(self, M):
        self.M, self.grad = M, np.zeros(M.shape)
    def back(self, delta, inp):
        self.grad = self.grad + delta @ inp.T
        return self.M.T @ delta

class Bias:
    def __init__(self, v):
        self.grad = np.zeros((v.size, 1))
    def back(self, delta):
        self.grad = self.grad + delta

class Cell:
    def __init__(self, x, h, before, p, k):
        self.x, self.h, self.p, self.k = x[:, None], h[:, None], p[:, None], k
        self.before = before                     # a Cell or the column h0
    @property
    def h_before(self):
        return self.before.h if isinstance(self.before, Cell) else self.before
    def back(self, L, from_next):
        e = self.p.copy()
        e[self.k, 0] -= 1
        L["c"].back(e)
        dh = L["V"].back(e, self.h) + from_next
        da = dh - self.h * self.h * dh
        L["b"].back(da)
        L["U"].back(da, self.x)
        to_before = L["W"].back(da, self.h_before)
        return self.before.back(L, to_before) if isinstance(self.before, Cell) else to_before

def backward(U, W, V, b, c, x, y, h, h0, y_hat):
    layers = {"U": Affine(U), "W": Affine(W), "V": Affine(V), "b": Bias(b), "c": Bias(c)}
    cell = h0[:, None]
    for row in zip(x, h, y_hat, y):
        cell = Cell(row[0], row[1], cell, row[2], row[3])
    dh0 = cell.back(layers, 0)
    out = {k: (l.grad if isinstance(l, Affine) else l.grad[:, 0]) for k, l in layers.items()}
    out["h0"] = dh0[:, 0]
    return out
