# exercise: gru
# function: backward
# style: dataclasses for the step and for the gradients, one weight block per gate
from dataclasses import dataclass
import numpy as np

@dataclass
class Step:
    x: np.ndarray
    hp: np.ndarray
    h: np.ndarray
    r: np.ndarray
    z: np.ndarray
    q: np.ndarray
    n: np.ndarray
    e: np.ndarray

@dataclass
class Block:
    U: np.ndarray
    W: np.ndarray
    b: np.ndarray

    @classmethod
    def zeros(cls, H, I):
        return cls(np.zeros((H, I)), np.zeros((H, H)), np.zeros(H))

    def collect(self, delta, x, other):
        self.U += delta[:, None] * x
        self.W += delta[:, None] * other
        self.b += delta

def backward(W_r, W_z, W_n, V, x, y, h, h0, r, z, q, n, y_hat):
    T, H = h.shape
    e = y_hat - np.eye(len(V))[y]
    steps = [Step(x[t], h[t - 1] if t else h0, h[t], r[t], z[t], q[t], n[t], e[t]) for t in range(T)]
    R, Z, N = (Block.zeros(H, x.shape[1]) for _ in range(3))
    carry = np.zeros(H)
    for s in steps[::-1]:
        dh = carry + s.e @ V
        dn = dh * (1 - s.z) * (1 - s.n ** 2)
        dz = dh * (s.hp - s.n) * s.z * (1 - s.z)
        dq = dn @ W_n
        dr = dq * s.hp * s.r * (1 - s.r)
        R.collect(dr, s.x, s.hp)
        Z.collect(dz, s.x, s.hp)
        N.collect(dn, s.x, s.q)
        carry = dh * s.z + dq * s.r + dr @ W_r + dz @ W_z
    out = {"V": e.T @ h, "c": e.sum(0), "h0": carry}
    for k, B in (("r", R), ("z", Z), ("n", N)):
        out.update({"U_" + k: B.U, "W_" + k: B.W, "b_" + k: B.b})
    return out
