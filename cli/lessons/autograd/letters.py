"""The pages on the small recurrent network in single numbers: its picture, its training, and what it has learned."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import pairwise
from time import perf_counter

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, Tree, at_least, at_most, curve
from cli.lessons.autograd.min_char_rnn import Network, loss, scores, step, train
from minigrad import Tensor, Value, compile, cross_entropy, graph_of, relative_error
from minigrad.graph import Array
from minigrad.nn import Linear
from rnn.layers import RNN

TEXT = "she sells sea shells on the sea shore"
LETTERS = sorted(set(TEXT))
IDS = [LETTERS.index(letter) for letter in TEXT]
RATE = 0.5
_KNOBS = {"units": between(8, 16), "updates": between(600, 3000, full=2000)}


@cache
def trained(units: int, updates: int, seed: int) -> tuple[Network, tuple[float, ...]]:
    """The network after training, and its loss before each update."""
    net = Network.drawn(len(LETTERS), units, np.random.default_rng(seed))
    return net, tuple(train(net, IDS, updates, RATE))


def as_arrays(net: Network) -> tuple[RNN, Linear]:
    """The same weights in the layers of `rnn` and `minigrad`."""
    hidden, letters = len(net.b), len(net.c)
    layer, head = RNN(letters, hidden, dtype=np.float64), Linear(hidden, letters, dtype=np.float64)
    layer.load_state_dict(
        {"weight_ih_l0": _numbers(net.U), "weight_hh_l0": _numbers(net.W), "bias_ih_l0": _numbers(net.b),
         "bias_hh_l0": np.zeros(hidden)}
    )  # fmt: skip
    head.load_state_dict({"weight": _numbers(net.V), "bias": _numbers(net.c)})
    return layer, head


def _numbers(weights: list[list[Value]] | list[Value]) -> Array:
    return np.array([[w.data for w in row] if isinstance(row, list) else row.data for row in weights])


def by_arrays(net: Network) -> tuple[float, Array]:
    """The loss and its gradient by all weights, in the order of `Network.leaves`, from tensors."""
    layer, head = as_arrays(net)
    ids = np.array(IDS)
    result = cross_entropy(head(layer(ids[:-1])[0]), ids[1:])
    result.backward()
    order = layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, head.weight, head.bias
    return result.item(), np.concatenate([_gradient(p) for p in order])


def _gradient(p: Tensor | None) -> Array:
    assert p is not None
    assert p.grad is not None
    return p.grad.data.ravel()


@experiment(units=_KNOBS["units"])
def whole_network(units: int = 8, *, seed: int) -> Result:
    """The loss over the whole text, folded."""
    net = Network.drawn(len(LETTERS), units, np.random.default_rng(seed))
    output = loss(net, IDS)
    view = graph_of(output, vars(net))
    weights = sum(line.times for line in view.lines if line.role == "leaf" and line.text[0] in "UWbVc")
    first = output.data
    return Result(
        (Tree(view),),
        (
            at_least("ops in the graph", view.ops, 10_000),
            at_most("lines of its tree", len(view.lines), 60),
            at_most("weights less those that the tree has lines for", abs(weights - len(net.leaves())), 0),
            at_most("untrained, its loss is log V; off by", abs(first - math.log(len(LETTERS))), 0.1),
        ),
    )


@experiment(**_KNOBS)
def learning(units: int = 8, updates: int = 1000, *, seed: int) -> Result:
    """Training through the tape, and the same network in arrays."""
    net, losses = trained(units, updates, seed)
    ceiling, one_letter = math.log(len(LETTERS)), memory_of_one(TEXT)
    last = compile(loss(net, IDS), net.leaves())(np.array([w.data for w in net.leaves()]))
    in_arrays = by_arrays(net)
    shown = range(0, updates, max(1, updates // 60))
    told = continued(net, len(TEXT) - 1)
    right = sum(a == b for a, b in zip(told, TEXT[1:], strict=True))
    at = [float(k) for k in shown]
    curves = (
        curve("network", at, [losses[k] for k in shown]),
        curve("memory of one letter", [at[0], at[-1]], [one_letter] * 2),
    )
    return Result(
        (
            Plot("loss, nats", curves, "updates", log=True),
            Excerpt(TEXT[0] + told, "what it says when it is given the first letter and then hears itself"),
            _times(net),
        ),
        (
            at_most("it begins at log V; off by", abs(losses[0] - ceiling), 0.1),
            at_most("and ends with a loss of", min(losses[-20:]), 0.1),
            at_least("what no memory of one letter gets below, less that", one_letter - min(losses[-20:]), 0.4),
            at_most("the tape's loss equals the arrays'; off by", relative_error(last[0], in_arrays[0]), 1e-10),
            at_most("so does its gradient; off by", relative_error(last[1], in_arrays[1]), 1e-9),
            at_least("letters right, of those that it says by itself", right / (len(TEXT) - 1), 0.9),
        ),
    )  # fmt: skip


def memory_of_one(text: str) -> float:
    """The mean surprise, nats, of the best predictor that sees one letter and knows all the text's pairs."""
    pairs, firsts = Counter(pairwise(text)), Counter(text[:-1])
    return -sum(n * math.log(n / firsts[a]) for (a, _), n in pairs.items()) / (len(text) - 1)


def continued(net: Network, length: int) -> str:
    """The likeliest letter after the first, then after that one, and so on."""
    h, letter, said = [Value(0.0) for _ in net.b], IDS[0], ""
    for _ in range(length):
        h = step(net, h, letter)
        letter = int(np.argmax([o.data for o in scores(net, h)]))
        said += LETTERS[letter]
    return said


def _times(net: Network) -> Table:
    """Once each, as they are on this machine."""
    leaves = net.leaves()
    begin = perf_counter()
    output = loss(net, IDS)
    output.backward()
    by_values = perf_counter() - begin
    tape, at = compile(output, leaves), np.array([w.data for w in leaves])
    tape(at)
    begin = perf_counter()
    for _ in range(10):
        tape(at)
    by_tape = (perf_counter() - begin) / 10
    rows = (("Values, built and walked back", by_values * 1e3), ("the tape, replayed", by_tape * 1e3))
    columns: tuple[Column, ...] = (("loss and gradient", "text"), ("milliseconds", "number"))
    return Table(columns, rows, f"{graph_of(output).ops:,} ops; measured here and now")
