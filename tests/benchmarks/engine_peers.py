"""The same two computations written for each engine: an unrolled tanh RNN, and an addition that is recorded.

An engine is imported only when its class is made. `by_hand` is the gradient derived on paper [DLB 10.2.2], which
all must give.
"""

from importlib.metadata import version

import numpy as np

T, B, I, H = 200, 16, 16, 32  # noqa: E741  # steps, batch, inputs and hidden units, by their letters
SIDE = 32  # of the two matrices that are added
PARAMETERS = ("W", "U", "b", "h0")


def problem():
    """Inputs x (T, B, I); parameters W (I, H), U (H, H), b (H,), h0 (B, H); summands p, q (32, 32); all float64.

    U is orthogonal, so that what reaches h0 from the far end is small but no rounding error.
    """
    rng = np.random.default_rng(0)
    return {
        "x": rng.standard_normal((T, B, I)),
        "W": rng.standard_normal((I, H)) * 0.1,
        "U": np.linalg.qr(rng.standard_normal((H, H)))[0],
        "b": rng.standard_normal(H) * 0.1,
        "h0": rng.standard_normal((B, H)) * 0.1,
        "p": rng.standard_normal((SIDE, SIDE)),
        "q": rng.standard_normal((SIDE, SIDE)),
    }


def by_hand():
    """Gradients of Σ h[T]² for h[t] = tanh(x[t] W + h[t-1] U + b), and of Σ (p + q)² with respect to p."""
    given = problem()
    W, U, b = given["W"], given["U"], given["b"]
    h = [given["h0"]]
    for x in given["x"]:
        h.append(np.tanh(x @ W + h[-1] @ U + b))
    found = {"W": np.zeros_like(W), "U": np.zeros_like(U), "b": np.zeros_like(b), "p": 2 * (given["p"] + given["q"])}
    g = 2 * h[-1]
    for t in reversed(range(T)):
        a = g * (1 - h[t + 1] ** 2)
        found["W"] += given["x"][t].T @ a
        found["U"] += h[t].T @ a
        found["b"] += a.sum(axis=0)
        g = a @ U.T
    return {**found, "h0": g}


class WithBackward:
    """What minigrad and torch write alike. `__init__` makes x, parameters, p and q in the engine's own type."""

    def rnn(self):
        """Forward and backward; gives the loss."""
        for p in self.parameters:
            p.grad = None
        W, U, b, h = self.parameters
        for x in self.x:
            h = (x @ W + h @ U + b).tanh()
        loss = (h * h).sum()
        loss.backward()
        return loss

    def gradients(self):
        """What `by_hand` gives."""
        self.rnn()
        self.p.grad = None
        y = self.p + self.q
        (y * y).sum().backward()
        leaves = [*self.parameters, self.p]
        return {n: t.grad.numpy() for n, t in zip([*PARAMETERS, "p"], leaves, strict=True)}

    def add(self, times):
        """That many additions, recorded since p wants a gradient, and dropped."""
        p, q = self.p, self.q
        for _ in range(times):
            p + q


class Minigrad(WithBackward):
    """This project, op by op."""

    def __init__(self, threads):
        from minigrad import Tensor

        self.version = version("rnn-lab")
        self.Tensor = Tensor
        given = problem()
        self.x = [Tensor(x) for x in given["x"]]
        self.parameters = [Tensor(given[n], requires_grad=True) for n in PARAMETERS]
        self.p, self.q = Tensor(given["p"], requires_grad=True), Tensor(given["q"])

    def chain(self, length, factor):
        """x · factor · factor …: its input, which wants a gradient, and its last value."""
        x = y = self.Tensor(1.0, requires_grad=True)
        for _ in range(length):
            y = y * factor
        return x, y


class Torch(WithBackward):
    """torch eager, on the processor."""

    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        self.version = version("torch")
        given = {name: torch.tensor(a) for name, a in problem().items()}
        self.x = list(given["x"])
        self.parameters = [given[n].requires_grad_() for n in PARAMETERS]
        self.p, self.q = given["p"].requires_grad_(), given["q"]


class Autograd:
    """HIPS/autograd. It has no addition to time: it records only inside a function it differentiates."""

    def __init__(self, threads):
        import autograd.numpy as anp
        from autograd import grad

        self.version = version("autograd")
        self.given = problem()
        self.x = list(self.given["x"])
        self.parameters = [self.given[n] for n in PARAMETERS]

        def loss(W, U, b, h):
            for x in self.x:
                h = anp.tanh(x @ W + h @ U + b)
            return anp.sum(h * h)

        self.slope = grad(loss, (0, 1, 2, 3))
        self.slope_of_add = grad(lambda p: anp.sum((p + self.given["q"]) ** 2))

    def rnn(self):
        return self.slope(*self.parameters)

    def gradients(self):
        return {**dict(zip(PARAMETERS, self.rnn(), strict=True)), "p": self.slope_of_add(self.given["p"])}


ENGINES = {"minigrad": Minigrad, "torch": Torch, "autograd": Autograd}
