# exercise: parameters
# function: grad_W
# mistake: grad_W: outer product the wrong way round (h_{t-1} grad_a^T), result transposed; W is square so the shape is right
import numpy as np

def grad_W(h, h0, grad_h):
    T, H = h.shape
    G = [[0.0] * H for _ in range(H)]
    for t in range(T):
        prev = h0 if t == 0 else h[t - 1]
        for i in range(H):
            for j in range(H):
                G[i][j] += prev[i] * grad_h[t][j] * (1 - h[t][j] ** 2)
    return np.array(G)
