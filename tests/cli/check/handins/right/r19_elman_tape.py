# exercise: elman
# function: backward
# style: a small reverse-mode autodiff of its own (scalar nodes with operators, topological sort), lists returned
import math

class Num:
    __slots__ = ("v", "g", "parents")
    def __init__(self, v, parents=()):
        self.v, self.g, self.parents = float(v), 0.0, parents
    def __add__(self, other):
        other = other if isinstance(other, Num) else Num(other)
        return Num(self.v + other.v, ((self, 1.0), (other, 1.0)))
    __radd__ = __add__
    def __mul__(self, other):
        other = other if isinstance(other, Num) else Num(other)
        return Num(self.v * other.v, ((self, other.v), (other, self.v)))
    __rmul__ = __mul__
    def tanh(self):
        w = math.tanh(self.v)
        return Num(w, ((self, 1 - w * w),))
    def exp(self):
        w = math.exp(self.v)
        return Num(w, ((self, w),))
    def log(self):
        return Num(math.log(self.v), ((self, 1 / self.v),))

def run_back(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((p, False) for p, _ in node.parents)
    root.g = 1.0
    for node in reversed(order):
        for p, d in node.parents:
            p.g += d * node.g

def wrap(a):
    return [wrap(r) for r in a] if getattr(a, "ndim", 1) and hasattr(a, "__len__") else Num(a)

def grad(a):
    return [grad(r) for r in a] if isinstance(a, list) else a.g

def mv(M, v):
    return [sum((m * s for m, s in zip(row, v)), Num(0)) for row in M]

def backward(U, W, b, V, c, x, y, h0):
    P = {"U": wrap(U), "W": wrap(W), "b": wrap(b), "V": wrap(V), "c": wrap(c), "h0": wrap(h0)}
    s, loss = P["h0"], Num(0)
    for t in range(len(y)):
        s = [(p + q + r).tanh() for p, q, r in zip(mv(P["U"], [float(k) for k in x[t]]), mv(P["W"], s), P["b"])]
        o = [p + q for p, q in zip(mv(P["V"], s), P["c"])]
        loss = loss + sum((k.exp() for k in o), Num(0)).log() + (-1.0) * o[int(y[t])]
    run_back(loss)
    return {k: grad(v) for k, v in P.items()}
