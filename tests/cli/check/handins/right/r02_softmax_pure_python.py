# exercise: softmax
# function: y_hat, L, grad_o
# style: pure Python with math, triple loops, nested lists returned
import math

def y_hat(o):
    result = []
    for scores in o:
        biggest = max(scores)
        exps = [math.exp(s - biggest) for s in scores]
        total = 0.0
        for e in exps:
            total += e
        result.append([e / total for e in exps])
    return result

def L(probs, targets):
    loss = 0
    for t, k in enumerate(targets):
        loss += math.log(1 / probs[t][k])
    return loss

def grad_o(probs, targets):
    T, V = len(probs), len(probs[0])
    grad = []
    for t in range(T):
        row = []
        for k in range(V):
            # sum over j of dL/dp_j * dp_j/do_k
            s = 0.0
            for j in range(V):
                dL_dp = -1 / probs[t][j] if j == targets[t] else 0.0
                s += dL_dp * probs[t][j] * ((1 if j == k else 0) - probs[t][k])
            row.append(s)
        grad.append(row)
    return grad
