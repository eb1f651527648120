# exercise: parameters
# function: grad_W, grad_U, grad_b
# style: pure Python triple loops, lists returned, time as the innermost sum, summed from the last step to the first
def delta(h, grad_h, t, i):
    return (1 - h[t][i]) * (1 + h[t][i]) * grad_h[t][i]

def grad_W(h, h0, grad_h):
    T, H = len(h), len(h0)
    G = []
    for i in range(H):
        G.append([])
        for j in range(H):
            s = 0.0
            for t in range(T - 1, -1, -1):
                s += delta(h, grad_h, t, i) * (h[t - 1][j] if t >= 1 else h0[j])
            G[i].append(s)
    return G

def grad_U(h, x, grad_h):
    T, H, I = len(h), len(h[0]), len(x[0])
    return [[sum(delta(h, grad_h, t, i) * x[t][j] for t in range(T - 1, -1, -1)) for j in range(I)] for i in range(H)]

def grad_b(h, grad_h):
    return [sum(delta(h, grad_h, t, i) for t in range(len(h))) for i in range(len(h[0]))]
