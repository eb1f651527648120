"""The gradients of an Elman network when the way back is cut into pieces."""

import numpy as np

from cli.exercises._letters import ELMAN, FORM, GRADIENTS
from cli.lab.check.exercise import Exercise

PIECE, PIECES = 3, 2  # the fewest that show a link after a link, and a cut

EXERCISE = Exercise(
    name="truncated",
    title="Truncated backpropagation through time.",
    order=70,
    family="truncated",
    problem="""
    a_t = b + W h_{t-1} + U x_t     h_t = tanh(a_t)
    o_t = c + V h_t                 y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]

The forward pass is whole. For the way back the steps are cut into pieces of K; T is a
multiple of K. Each piece takes the state before it as a constant: nothing flows back
from one piece into the one before. grad_h is what is then left of the gradient by h.
"""
    + GRADIENTS
    + FORM,
    letters={**ELMAN, "K": "how many steps a piece has, an integer"},
    asks={
        "grad_h": ("TBPTT-2", "TBPTT-3"),
        "grad_b": ("TBPTT-4",),
        "grad_W": ("TBPTT-5",),
        "grad_U": ("TBPTT-6",),
    },
    whole=("17", "TBPTT-2", "TBPTT-3", "TBPTT-4", "TBPTT-5", "TBPTT-6"),
    # Of a shorter last piece the registry's window would reach back into the piece before.
    drawn={"window": PIECE, "stride": PIECE, "steps": PIECE * PIECES},
    beside=lambda problem: {"K": np.asarray(PIECE)},
)


def grad_h(W, V, h, grad_o, K):
    """(T, H): the states. Nothing comes back from the piece after."""
    g = np.zeros_like(h)
    later = np.zeros(len(W))
    for t in reversed(range(len(h))):
        if (t + 1) % K == 0:  # the last step of a piece
            later = np.zeros(len(W))
        g[t] = V.T @ grad_o[t] + later
        later = W.T @ ((1 - h[t] ** 2) * g[t])
    return g


def grad_b(h, grad_h):
    """(H,): the bias of the layer."""
    return ((1 - h**2) * grad_h).sum(axis=0)


def grad_W(h, h0, grad_h):
    """(H, H): the recurrent weights. The state before a piece counts, as a constant."""
    before = np.vstack([h0, h[:-1]])
    return ((1 - h**2) * grad_h).T @ before


def grad_U(h, x, grad_h):
    """(H, I): the weights of the inputs."""
    return ((1 - h**2) * grad_h).T @ x
