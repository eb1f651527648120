# exercise: elman
# function: backward
# style: torch autograd over a forward pass of its own
# needs: torch
import numpy as np
import torch
import torch.nn.functional as F

def backward(U, W, b, V, c, x, y, h0):
    P = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in dict(U=U, W=W, b=b, V=V, c=c, h0=h0).items()}
    xs = torch.tensor(x, dtype=torch.float64)
    s = P["h0"]
    scores = []
    for xt in xs:
        s = torch.tanh(P["b"] + P["W"] @ s + P["U"] @ xt)
        scores.append(P["c"] + P["V"] @ s)
    loss = F.cross_entropy(torch.stack(scores), torch.tensor(np.asarray(y), dtype=torch.long), reduction="sum")
    loss.backward()
    return {k: p.grad.numpy() for k, p in P.items()}
