# exercise: backwards
# function: grad_h
# style: recursive function with a cache, tuples of Python floats, list of lists returned
from functools import lru_cache

def grad_h(Whh, Why, hs, dy):
    T, H = len(hs), len(hs[0])

    @lru_cache(maxsize=None)
    def g(t):
        if t == T:
            return (0.0,) * H
        later = g(t + 1)
        vals = []
        for j in range(H):
            v = 0.0
            for k in range(len(Why)):
                v += Why[k][j] * dy[t][k]
            if t + 1 < T:
                for i in range(H):
                    v += Whh[i][j] * (1 - hs[t + 1][i] ** 2) * later[i]
            vals.append(v)
        return tuple(vals)

    return [list(g(t)) for t in range(T)]
