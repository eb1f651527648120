"""The fused kernels as witnesses: what they are asked, and that each of their mistakes is found where it is made."""

import numpy as np
import pytest

from minigrad import Tensor, relative_error
from rnn import RNN, RnnError
from rnn.cells import unroll
from rnn.formulas import FAMILIES, find
from rnn.fused import FUSED
from rnn.fused.inside import KEPT, inside
from rnn.sequence import run
from rnn.stepwise import project, reverse
from rnn.verify import check
from rnn.witnesses import random_problem

every_family = pytest.mark.parametrize("family", FUSED)

WITHIN = {
    "elman": {"a⁽ᵗ⁾", "∂L/∂L⁽ᵗ⁾", "∇o⁽ᵗ⁾", "∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾", "∂o⁽ᵗ⁾/∂h⁽ᵗ⁾"},
    "relu": {"a⁽ᵗ⁾", "∇o⁽ᵗ⁾", "∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾"},
    "gru": {"a_r⁽ᵗ⁾", "a_z⁽ᵗ⁾", "a_n⁽ᵗ⁾", "∇o⁽ᵗ⁾", "∇n⁽ᵗ⁾", "∇z⁽ᵗ⁾", "∇r⁽ᵗ⁾", "∇q⁽ᵗ⁾"},
    "lstm": {
        "a_i⁽ᵗ⁾", "a_f⁽ᵗ⁾", "a_g⁽ᵗ⁾", "a_o⁽ᵗ⁾", "∇s⁽ᵗ⁾", "∇i⁽ᵗ⁾", "∇f⁽ᵗ⁾", "∇g⁽ᵗ⁾", "∇o⁽ᵗ⁾", "∇c⁽ᵗ⁾",
    },
}  # fmt: skip
WITHIN |= {"gru-after": WITHIN["gru"], "peephole": WITHIN["lstm"]}
"""What a kernel makes and uses up within a step, or has no part in: of all else it is a witness."""


@every_family
def test_a_kernel_is_a_witness_of_all_that_it_shows(family):
    assert {e.gives for e in find(family) if "fused" not in e.witnesses} == WITHIN[family]


def test_every_kernel_is_a_witness_and_no_family_without_one_names_it():
    named = {e.family for name in FAMILIES for e in find(name) if "fused" in e.witnesses}
    assert named >= FUSED.keys() | {"mean", "deep", "bidirectional", "masked", "truncated"}
    assert not named & {"jordan", "output-recurrence", "randomised", "hmm"}


# Each mistake where it is made


def the_op(p):
    return p.by_kernel(Tensor(p.x[:, None]), p.state(p.start)).node.op


def failing(family, p):
    return {c.equation.gives for c in check(find(family), [p]) if not c.ok}


def problem(family, seed=3):
    return random_problem(family, np.random.default_rng(seed), steps=3, inputs=2, hidden=3, vocabulary=4)


def mistakes(cell):
    """(what, which input of the op, its rows) → the quantities whose gradient that is: a block of each parameter."""
    gates = [f"_{gate}" for gate in cell.gates] if len(cell.gates) > 1 else [""]
    first = 1 + len(cell.State._fields)
    for k, gate in enumerate(gates):
        rows = slice(k * 3, (k + 1) * 3)
        yield first, rows, {f"∇U{gate}", f"∇a{gate}⁽ᵗ⁾"}
        yield first + 1, rows, {f"∇W{gate}"}
        yield first + 2, rows, {f"∇b{gate}"}
    if cell.family == "gru-after":
        yield first + 3, slice(6, 9), {"∇d"}
    if cell.family == "peephole":
        yield from ((first + 4, slice(3 * k, 3 * k + 3), {f"∇p_{gate}"}) for k, gate in enumerate("ifo"))
    yield 0, slice(None), {"∇x⁽ᵗ⁾"}
    yield 1, slice(None), {"∇h⁽⁰⁾", "∇h⁽ᵗ⁾"}
    if len(cell.State._fields) > 1:
        yield 2, slice(None), {"∇c⁽⁰⁾"}


@every_family
def test_a_wrong_gradient_is_found_where_it_is(family, monkeypatch):
    """One block of one gradient off by a thousandth."""
    p = problem(family)
    op = the_op(p)
    rule, reads = op.joint
    for k, rows, quantities in mistakes(p.layer.cell):

        def wrong(g, *values, k=k, rows=rows):
            gradients = list(rule(g, *values))
            if gradients[k] is not None:
                gradients[k] = gradients[k].copy()
                gradients[k][rows] *= 1.001
            return gradients

        monkeypatch.setattr(op, "joint", (wrong, reads))
        wanted = {e.gives for e in find(family)} & quantities
        assert failing(family, p) - {"∇h⁽ᵗ⁾"} == wanted - {"∇h⁽ᵗ⁾"}
        assert ("∇h⁽ᵗ⁾" in failing(family, p)) == ("∇h⁽ᵗ⁾" in wanted)


@pytest.mark.parametrize("family", ["gru", "gru-after", "lstm", "peephole"])
def test_a_wrong_step_is_found_where_it_is(family, monkeypatch):
    """What the kernel keeps of one quantity off by a thousandth, after it has done its work."""
    p = problem(family)
    op = the_op(p)
    forward, names = op.forward, KEPT[op.name.removesuffix("_layer")]
    for k, name in enumerate(names):

        def wrong(*args, k=k):
            y, kept = forward(*args)
            kept[0][0].steps.reshape(-1, len(names), 3)[:, k] *= 1.001
            return y, kept

        monkeypatch.setattr(op, "forward", wrong)
        assert f"{name}⁽ᵗ⁾" in failing(family, p)
        others = {f"{other}⁽ᵗ⁾" for other in names if other != name}
        assert not failing(family, p) & others


# What a kernel shows of its steps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_family
def test_inside_is_what_the_cells_steps_give(family, dtype):
    """In both directions, over rows of uneven lengths."""
    p = problem(family)
    layer = type(p.layer)(p.layer.cell, 3, 5, bidirectional=True, dtype=dtype, rng=np.random.default_rng(0))
    rng, lengths = np.random.default_rng(1), np.array([4, 2, 3])
    x = np.where((np.arange(4)[:, None] < lengths)[..., None], rng.standard_normal((4, 3, 3)), 0).astype(dtype)
    weights = [layer.weights(0, d) for d in (0, 1)]
    state = layer.cell.State(*(Tensor(rng.standard_normal((3, 5)), dtype=dtype) for _ in layer.cell.State._fields))
    output, _ = run(layer.cell, weights, Tensor(x), [state] * 2, lengths, fused=True)
    real = np.arange(4)[:, None] < lengths
    for d, w in enumerate(weights):
        found = inside(output, d)
        assert tuple(found) == KEPT[output.node.op.name.removesuffix("_layer")]
        given = Tensor(reverse(x, lengths) if d else x)
        steps = unroll(layer.cell, project(w, given), state, *(w[name] for name in layer.cell.recurrent))
        for name, mine in found.items():
            theirs = np.stack([getattr(step, name).data for step in steps])
            theirs = reverse(theirs, lengths) if d else theirs
            assert mine.dtype == dtype
            assert relative_error(mine[real], theirs[real]) < (1e-5 if dtype == np.float32 else 1e-13)


def test_inside_is_a_copy_and_only_of_fused_layers():
    p = problem("lstm")
    output = p.by_kernel(Tensor(p.x[:, None]), p.state(p.start))
    inside(output)["i"][:] = 0
    assert inside(output)["i"].all()
    stepwise = RNN(2, 3, implementation="stepwise")(np.ones((2, 2), np.float32))[0]
    for other in (Tensor(1.0), stepwise, output.sum()):
        with pytest.raises(RnnError, match="the tensor is not of a fused layer; inside; give its output"):
            inside(other)
    output.sum().backward()
    with pytest.raises(RnnError, match="not yet freed"):
        inside(output)
