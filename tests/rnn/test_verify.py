"""Verification passes what is right, and finds each wrong equation, engine or kernel where it is wrong."""

import dataclasses

import numpy as np
import pytest

from minigrad import Tensor, grad, ops, relative_error
from minigrad.graph import nodes
from rnn import RnnError, verify
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY, find
from rnn.verify import BOUNDS, Check, Report, check, engine_values
from rnn.witnesses import Network, base, column, random_problem

EQUATIONS = find("elman")
PRINTED = REGISTRY["20-printed"]
ELMAN_2 = REGISTRY["ELMAN-2"]


def problems(n=2, seed=7, **sizes):
    rng = np.random.default_rng(seed)
    return [random_problem("elman", rng, **sizes) for _ in range(n)]


def failing(checks):
    return {c.equation.id for c in checks if not c.ok}


# What is right


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_every_equation_is_as_it_should_be(seed):
    report = verify.verify(problems=2, seed=seed)
    assert sorted(c.equation.id for c in report.checks) == sorted(REGISTRY)
    assert report.ok
    assert report.problems == 2
    for c in report.checks:
        assert c.ok
        assert c.holds != (c.equation is PRINTED)
        for witness, bound in BOUNDS.items():
            error = getattr(c, witness)
            assert (error is not None) == (witness in c.equation.witnesses)
            assert error is None or (error <= bound) == c.holds
        assert (c.chain < 1e-9) == c.holds


def test_the_printed_equation_is_wrong_by_far():
    (c,) = verify.verify("20-printed", seed=4).checks
    assert c.ok
    assert not c.holds
    assert min(c.engine, c.differences, c.fused, c.chain) > 0.01


def test_the_printed_equation_holds_for_one_unit_only():
    """With H = 1 the diagonal commutes: it must be said to hold, and that this was not expected."""
    (one,) = check([PRINTED], problems(3, hidden=1))
    assert one.holds
    assert not one.ok
    for hidden in (2, 3, 5):
        (more,) = check([PRINTED], problems(3, hidden=hidden))
        assert not more.holds
        assert more.ok


def test_queries():
    assert [c.equation.id for c in verify.verify("24", problems=1).checks] == ["24"]
    assert len(verify.verify("elman", problems=1).checks) == sum(e.family == "elman" for e in EQUATIONS)
    with pytest.raises(RnnError, match="no equation, family or prefix 'elm'; verify; ids are 7, 8"):
        verify.verify("elm")
    with pytest.raises(RnnError, match="0 problems; verify; give at least 1"):
        verify.verify(problems=0)


def test_the_seed_decides():
    one, again, other = (verify.verify("24", problems=1, seed=s).checks[0] for s in (5, 5, 6))
    assert one == again
    assert one.shapes != other.shapes or one.engine != other.engine


# Nothing is vacuous


def test_problems_are_uneven_and_nothing_in_them_is_zero_or_symmetric():
    rng = np.random.default_rng(0)
    sizes = set()
    for _ in range(20):
        p = verify._draw("elman", rng)
        I, H, V = p.layer.input_size, p.layer.hidden_size, p.head.weight.shape[0]  # noqa: E741
        assert len({I, H, V}) == 3
        assert p.tau >= 3
        assert p.h0.all()
        assert p.x.shape == (p.tau, I)
        w = p.layer.weight_hh_l0.data
        assert np.abs(w - w.T).max() > 0.1
        sizes.add((p.tau, I, H, V))
    assert len(sizes) > 15


def test_every_engine_value_is_alive():
    for p in problems(3):
        values = engine_values(p)
        for e in EQUATIONS:
            value = values[e.quantity]
            for part in value.values() if isinstance(value, dict) else [value]:
                assert np.isfinite(part).all()
                assert np.all(part), e.id  # no entry of any quantity is zero


def test_the_engine_keeps_every_step():
    (p,) = problems(1)
    values = engine_values(p)
    for name in ("a", "o", "y_hat", "grad_o", "dL_dL", "do_dh"):
        assert sorted(values[name]) == list(range(1, p.tau + 1))
    assert sorted(values["h"]) == sorted(values["grad_h"]) == list(range(p.tau + 1))
    assert sorted(values["dh_dh"]) == list(range(2, p.tau + 1))
    np.testing.assert_allclose(values["b"].ravel(), p.layer.bias_ih_l0.data + p.layer.bias_hh_l0.data)


def test_witnesses_are_independent_ways_to_the_same_numbers():
    """The engine's gradient of W, against moving each entry and running the whole layer again."""
    (p,) = problems(1)
    weight = p.layer.weight_hh_l0
    exact = engine_values(p)["grad_W"]
    start = weight.data.copy()
    for i, j in np.ndindex(*start.shape):
        losses = []
        for step in (1e-5, -1e-5):
            moved = start.copy()
            moved[i, j] += step
            weight.assign(moved)
            losses.append(p.run().loss.item())
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(exact[i, j], rel=1e-6, abs=1e-8)
    weight.assign(start)


def test_shapes_are_told():
    (p,) = problems(1, steps=4, inputs=2, hidden=3, vocabulary=5)
    (c,) = check([REGISTRY["25"]], [p])
    assert c.shapes == {"h": (3, 1), "grad_h": (3, 1), "x": (2, 1), "grad_U": (3, 2)}


# What is wrong, in the engine, the kernel or the differences


def test_a_wrong_rule_of_the_engine_is_found(monkeypatch):
    (_, _, reads) = ops.tanh.rules[0]
    monkeypatch.setattr(ops.tanh, "rules", ((0, lambda g, y: g * (1 - y), reads),))
    assert failing(check(EQUATIONS, problems())) >= {"19-h", "19", "20", "22", "24", "25"}


def kernel_of(p):
    """The op that runs the kernel of a problem's layer."""
    return p.by_kernel(Tensor(p.x[:, None]), ElmanState(Tensor(p.h0[None]))).node.op


@pytest.mark.parametrize(
    ("k", "ids"), [(0, {"ELMAN-3"}), (1, {"19", "20", "ELMAN-2"}), (2, {"25", "ELMAN-1"}), (3, {"24"}), (4, {"22"})]
)
def test_a_wrong_gradient_of_the_kernel_is_found(k, ids, monkeypatch):
    """One of the kernel's cotangents off by a thousandth: of x, h⁽⁰⁾, W_ih, W_hh or b_ih."""
    op = kernel_of(problems()[0])
    rule, reads = op.joint

    def wrong(g, *values):
        gradients = list(rule(g, *values))
        gradients[k] = None if gradients[k] is None else gradients[k] * 1.001
        return tuple(gradients)

    monkeypatch.setattr(op, "joint", (wrong, reads))
    assert failing(check(EQUATIONS, problems())) == ids
    (c,) = check([REGISTRY[min(ids)]], problems())
    assert c.fused > 1e-5
    assert c.engine < 1e-9
    assert c.differences < 1e-6


def test_a_wrong_forward_of_the_kernel_is_found(monkeypatch):
    op = kernel_of(problems()[0])
    forward = op.forward

    def wrong(inputs, *rest):
        x, h0, w_ih, w_hh, *biases = inputs
        return forward([x, h0, w_ih, w_hh.T, *biases], *rest)

    monkeypatch.setattr(op, "forward", wrong)
    assert failing(check(EQUATIONS, problems())) >= {"8", "9", "10", "13"}


def test_wrong_differences_are_found(monkeypatch):
    right = base.differences
    monkeypatch.setattr(base, "differences", lambda f, x, step: right(f, x, step) * 1.00001)
    named = {e.id for e in EQUATIONS if "differences" in e.witnesses and e is not PRINTED}
    assert failing(check(EQUATIONS, problems())) == named


def test_a_gradient_that_has_all_but_vanished_is_measured_by_the_engine_and_not_by_rounding():
    """Differences err by some 1e-11 whatever they measure. A step's gradient of 1e-9 is rounding to them alone."""
    (p,) = problems(1, steps=4)
    for weight in (p.layer.weight_hh_l0, p.layer.weight_ih_l0):
        weight.assign(1e-9 * weight.data)  # what comes back to the first state is some 1e-9 of what came to the last
    (c,) = check([ELMAN_2], [p])
    assert c.ok
    exact, moved = p.graph.value("grad_h"), p.graph.difference("grad_h")
    assert 0 < np.abs(exact[0]).max() < 1e-8
    assert relative_error(exact[0], moved[0]) > BOUNDS["differences"]
    wrong = ELMAN_2.rewritten(ELMAN_2.code.replace("W.T", "1.00001 * W.T"))
    (c,) = check([wrong], [p])
    assert not c.ok
    assert c.engine == pytest.approx(1e-5, rel=1e-3)
    assert c.differences < BOUNDS["differences"]


def test_differences_hold_where_scores_are_fed_back_through_large_weights():
    """The steepest of the problems of seeds 0 to 19: differences with a step of 1e-3 were 3e-5 off ∇W here."""
    problem = verify.drawn("output-recurrence", 2, 15)[1]
    (c,) = check([REGISTRY["OUTPUT-12"]], [problem])
    assert c.ok
    assert c.engine < 1e-13
    assert c.differences < BOUNDS["differences"] / 10


def test_a_mistake_at_one_step_is_seen_by_differences():
    (p,) = problems(1, steps=5)
    e = REGISTRY["20"]
    for step in range(1, 5):
        wrong = e.rewritten(e.code.replace("V.T @", f"(1 + (t == {step}) / 1000) * V.T @"))
        (c,) = check([wrong], [p])
        assert c.differences > 10 * BOUNDS["differences"]


@pytest.mark.parametrize("nothing", [None, np.nan, "nan in one place", "of another shape"])
def test_a_witness_that_says_nothing_is_a_failure(nothing, monkeypatch):
    real = Network.kernel

    def silent(problem):
        values = real(problem)
        value = values["grad_W"].copy()
        if nothing == "nan in one place":
            value[0, 1] = np.nan
        values["grad_W"] = {"nan in one place": value, "of another shape": value[:, :1]}.get(nothing, nothing)
        return {**values, "L": nothing if nothing is None else np.nan}

    monkeypatch.setattr(Network, "kernel", silent)
    assert failing(check(EQUATIONS, problems())) == {"24", "13"}


def test_a_check_without_a_named_witness_does_not_hold():
    e = REGISTRY["24"]
    fine = {"engine": 0.0, "differences": 0.0, "fused": 0.0}
    assert Check(e, **fine, chain=0.0, shapes={}).ok
    for witness, bound in BOUNDS.items():
        for bad in (None, float("nan"), float("inf"), bound * 1.01):
            assert not Check(e, **{**fine, witness: bad}, chain=0.0, shapes={}).holds
        assert Check(e, **{**fine, witness: bound}, chain=0.0, shapes={}).holds
    other = dataclasses.replace(e, witnesses=("engine",))
    assert Check(other, 0.0, None, None, chain=0.0, shapes={}).holds


def test_the_worst_problem_counts(monkeypatch):
    good, bad = problems(2)
    real = Network.kernel
    monkeypatch.setattr(
        Network,
        "kernel",
        lambda p: {**real(p), **({"grad_W": real(p)["grad_W"] + 1e-3} if p is bad else {})},
    )
    assert failing(check([REGISTRY["24"]], [good])) == set()
    for order in ([good, bad], [bad, good]):
        assert failing(check([REGISTRY["24"]], order)) == {"24"}


def test_a_report_is_ok_only_if_all_are():
    e = REGISTRY["24"]
    good, bad = (Check(e, v, v, v, chain=v, shapes={}) for v in (0.0, 1.0))
    assert Report((good, good), 1).ok
    assert not Report((good, bad), 1).ok


# The witnesses' own forms


def test_columns():
    assert column(np.array([1.0, 2.0])).tolist() == [[1], [2]]
    assert column(np.array([[1.0, 2.0]])).tolist() == [[1, 2]]  # a matrix of one row, such as U with H = 1
    assert column(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[1, 2], [3, 4]]
    assert column(np.array(2.5)) == 2.5


def test_the_fused_witness_uses_the_kernel_and_puts_the_layer_back():
    (p,) = problems(1)
    p.layer.implementation = "stepwise"
    h = p.by_kernel(Tensor(p.x[:, None]), ElmanState(Tensor(p.h0[None])))
    assert "elman_layer" in {n.op.name for n in nodes(h)}
    assert p.layer.implementation == "stepwise"
    values = p.kernel()
    found = grad(p.graph.loss, [tensor for tensor, _ in p.blocks().values()], retain_graph=True)
    for letter, g in zip(p.blocks(), found, strict=True):
        np.testing.assert_allclose(values[f"grad_{letter}"], column(g.data), rtol=1e-10, atol=1e-13)
