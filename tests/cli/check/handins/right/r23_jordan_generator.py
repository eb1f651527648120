# exercise: jordan
# function: backward
# style: a generator that yields the steps backwards, gradients gathered with zip afterwards
import numpy as np

def backward(U, W, b, V, c, x, y, h, y_hat, y_hat0):
    def steps():
        from_next = np.zeros_like(c)
        for p, s, k in zip(y_hat[::-1], h[::-1], y[::-1]):
            jac = np.diagflat(p) - np.outer(p, p)
            e = jac @ from_next + p
            e[k] -= 1
            d = np.multiply(V.T @ e, 1 - np.square(s))
            from_next = W.T @ d
            yield e, d

    es, ds = (np.array(v) for v in zip(*steps()))
    p_before = np.vstack([y_hat0, y_hat])[:-1][::-1]
    return {"V": es.T @ h[::-1], "c": es.sum(0), "W": ds.T @ p_before, "U": ds.T @ x[::-1], "b": ds.sum(0)}
