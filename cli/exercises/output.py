"""The gradients of the output layer's parameters."""

from cli.exercises._letters import FORM, HEAD, SCORES
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="output",
    title="The parameters of the output layer.",
    order=30,
    family="elman",
    problem="""
    o_t = c + V h_t

V and c are the same at every step. L follows from the scores, and its gradient by
them, grad_o, is given. Wanted are the gradients of L by V and by c, in their shapes.
"""
    + FORM,
    letters={
        "T, H, V": "how many steps, units and classes",
        "h": "(T, H) states; row t - 1 is step t",
        **SCORES,
        **HEAD,
    },
    asks={"grad_V": ("23",), "grad_c": ("21",)},
    ending="_gradients",
)


def grad_V(grad_o, h):
    """(V, H): the weights of the scores."""
    return grad_o.T @ h


def grad_c(grad_o):
    """(V,): the bias of the scores."""
    return grad_o.sum(axis=0)
