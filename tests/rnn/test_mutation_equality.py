"""Why two formulas are equal in value: where each reason holds, and near cases, mistakes, where it must not."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from rnn.formulas import REGISTRY, find
from rnn.mutation import REASONS, Mutant, reason, survey
from rnn.mutation.known import known
from rnn.mutation.mutant import planted_in
from rnn.mutation.tree import parse
from rnn.mutation.vocabulary import vocabulary
from rnn.verify import Answers, drawn

DIAGONAL = "a diagonal matrix is its own transpose"
IDENTITY = "the identity is its own transpose"
OF_A_ROW = "diag makes the same matrix of a row and of a column"
NORM = "a matrix stretches as much as its transpose"
NUMBER = "a number is its own transpose"
LIST = "a list of ids has no transpose"
COMMUTE = "entrywise products commute"
OUTER = "a column times a row, entry by entry, is their matrix product"
SHAPE = "of what stands for a shape, only the shape is read"
CONSTANT = "the quantity is the same at every step"
NAMES = "two names of one quantity"
HELD = "where a mask is 0 the state stays as it was"
RELU = "relu keeps the sign: h > 0 where a > 0"


@cache
def values(family):
    return Answers(drawn(family, 1, 5)[0]).engine


def between(id, was, now):
    """An equation with one right-hand side, and as its mutant the same with another."""
    e = REGISTRY[id]
    right, wrong = (planted_in(e, parse(source), vocabulary(e)) for source in (was, now))
    return Mutant(right, wrong, 1, "", "", "", "", 0, 0)


def everywhere(e, known):
    with np.errstate(all="ignore"):
        return [e.at(known, **where) for where in e.places(known)]


def agree(mutant, known):
    """Whether the two have one value wherever the equation is to hold; a value that is none agrees with nothing."""
    try:
        was, now = everywhere(mutant.original, known), everywhere(mutant.equation, known)
    except (LookupError, ValueError):
        return False
    return all(np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-12, 1e-12) for a, b in zip(was, now, strict=True))


HOLDS = [
    (DIAGONAL, "20", "W.T @ diag(a[t]) @ h[t]", "W.T @ diag(a[t]).T @ h[t]"),
    (IDENTITY, "RTRL-1", "kron(h[t - 1].T, I)", "kron(h[t - 1].T, I.T)"),
    (IDENTITY, "JACOBIAN-1", "I", "I.T"),
    (OF_A_ROW, "24", "diag(1 - h[tau] ** 2) @ W", "diag(1 - h[tau].T ** 2) @ W"),
    (OF_A_ROW, "24", "diag(np.tanh(h[1]) * a[1])", "diag(np.tanh(h[1].T) * a[1].T)"),
    (NORM, "JACOBIAN-3", "norm(J[t])", "norm(J[t].T)"),
    (NUMBER, "13", "o[1].T @ grad_o[1]", "grad_o[1].T @ o[1]"),
    (NUMBER, "13", "h[1].T @ W @ h[2]", "h[2].T @ W.T @ h[1]"),
    (NUMBER, "MASK-5", "vec(S).T @ vec(H[tau])", "(vec(S).T @ vec(H[tau])).T"),
    (LIST, "MASK-6", "onehot(Y[t], Y_hat[t])", "onehot(Y[t].T, Y_hat[t])"),
    (COMMUTE, "ELMAN-1", "a[t] * h[t] * grad_h[t]", "grad_h[t] * h[t] * a[t]"),
    (COMMUTE, "MASK-3", "M[t] * H[t] @ W_hq", "H[t] * M[t] @ W_hq"),
    (OUTER, "24", "grad_h[1] @ h[0].T", "grad_h[1] * h[0].T"),
    (OUTER, "24", "grad_h[1] @ h[0].T", "h[0].T * grad_h[1]"),
    (SHAPE, "RTRL-5", "matrix(P_W[1].T @ V.T @ grad_o[1], W)", "matrix(P_W[1].T @ V.T @ grad_o[1], W.T)"),
    (SHAPE, "RTRL-6", "matrix(P_U[1].T @ V.T @ grad_o[1], U)", "matrix(P_U[1].T @ V.T @ grad_o[1], grad_U)"),
    (CONSTANT, "19", "do_dh[t].T @ grad_o[t]", "do_dh[tau].T @ grad_o[t]"),
    (NAMES, "3", "f(s[t - 1], x[t], theta)", "f(h[t - 1], x[t], theta)"),
    (HELD, "MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[t]"),
    (HELD, "MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[tau]"),
    (HELD, "MASK-8", "(1 - M[t + 1]) * grad_H[t + 1]", "(1 - M[t + 1]) * grad_H[tau]"),
    (RELU, "RELU-9", "positive(a[t]) * grad_h[t]", "positive(h[t]) * grad_h[t]"),
]

NEAR = [
    (DIAGONAL, "19-h", "diag(1 - h[t + 1] ** 2) @ W", "(diag(1 - h[t + 1] ** 2) @ W).T"),
    (DIAGONAL, "20", "W.T @ diag(h[t]) @ a[t]", "W @ diag(h[t]) @ a[t]"),
    (IDENTITY, "RTRL-1", "kron(h[t - 1].T, I) + W @ P_W[t]", "kron(h[t - 1].T, I) + W.T @ P_W[t]"),
    (IDENTITY, "JACOBIAN-1", "J[tau - 1]", "J[tau - 1].T"),
    (OF_A_ROW, "24", "diag(h[1].T @ W)", "diag(h[1] @ W)"),
    (OF_A_ROW, "24", "diag(h[1].T @ W)", "diag(h[1].T @ W.T)"),
    (OF_A_ROW, "24", "diag(h[1] * a[1])", "diag(h[1] * a[1].T)"),
    (OF_A_ROW, "ELMAN-1", "h[t]", "h[t].T"),
    (NORM, "JACOBIAN-3", "norm(J[t])", "np.linalg.norm(J[t])"),
    (NORM, "JACOBIAN-3", "norm(W @ J[t])", "norm(W.T @ J[t])"),
    (NUMBER, "13", "h[1].T @ W @ h[2]", "h[1].T @ W.T @ h[2]"),
    (NUMBER, "13", "o[1] @ grad_o[1].T", "grad_o[1] @ o[1].T"),
    (NUMBER, "MASK-5", "M[1].T @ np.log(entry(Y_hat[1], Y[1]))", "M[1] @ np.log(entry(Y_hat[1], Y[1])).T"),
    (LIST, "MASK-6", "M[t] * Y_hat[t]", "M[t].T * Y_hat[t]"),
    (COMMUTE, "24", "W @ grad_W", "grad_W @ W"),
    (COMMUTE, "ELMAN-1", "a[t] - h[t]", "h[t] - a[t]"),
    (COMMUTE, "24", "1 / tau * W", "tau / 1 * W"),
    (OUTER, "13", "h[1].T @ h[2]", "h[1].T * h[2]"),
    (OUTER, "7", "W @ h[t]", "W * h[t]"),
    (OUTER, "7", "W @ h[t]", "W * h[t].T"),
    (SHAPE, "RTRL-6", "matrix(P_U[1].T @ V.T @ grad_o[1], U)", "matrix(P_U[1].T @ V.T @ grad_o[1], U.T)"),
    (SHAPE, "RTRL-5", "matrix(P_W[1].T @ V.T @ grad_o[1], W)", "matrix(P_W[1].T @ V.T @ grad_o[1], W).T"),
    (CONSTANT, "19", "dh_dh[t + 1].T @ grad_h[t]", "dh_dh[tau].T @ grad_h[t]"),
    (CONSTANT, "MASK-8", "grad_H[t + 1] @ W_hq", "grad_H[tau] @ W_hq"),  # of three equations the last has no index
    (CONSTANT, "JACOBIAN-5", "W @ F[t - 1]", "W @ F[t]"),
    (NAMES, "3", "f(s[t - 1], x[t], theta)", "f(x[t - 1], x[t], theta)"),
    (NAMES, "GRU-2", "sigmoid(a_r[t])", "sigmoid(a_z[t])"),  # alike but for what they read
    (HELD, "MASK-2", "M[t] * H[t - 1]", "M[t] * H[t]"),
    (HELD, "MASK-2", "(1 - M[t]) * A[t]", "(1 - M[t]) * A[tau]"),
    (HELD, "MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[tau]) * H[t - 1]"),
    (HELD, "MASK-8", "(1 - M[t + 1]) * grad_H[t + 1]", "(1 - M[t + 1]) * grad_H[t]"),
    (HELD, "MASK-8", "M[t + 1] * grad_H[t + 1]", "M[t + 1] * grad_H[tau]"),
    (RELU, "RELU-9", "positive(a[t]) * grad_h[t]", "positive(h[t - 1]) * grad_h[t]"),
    (RELU, "RELU-9", "positive(a[t]) * grad_h[t]", "positive(grad_h[t]) * grad_h[t]"),
]


@pytest.mark.parametrize(("why", "id", "was", "now"), HOLDS)
def test_it_holds(why, id, was, now):
    mutant = between(id, was, now)
    assert agree(mutant, values(REGISTRY[id].family))
    assert reason(mutant, values(REGISTRY[id].family)) == why


@pytest.mark.parametrize(("why", "id", "was", "now"), NEAR)
def test_near_it_does_not(why, id, was, now):
    mutant = between(id, was, now)
    assert not agree(mutant, values(REGISTRY[id].family))
    assert reason(mutant, values(REGISTRY[id].family)) == ""


def test_every_reason_has_both():
    assert {why for why, *_ in HOLDS} == {why for why, *_ in NEAR} == set(REASONS)


def test_several_reasons_are_named_together_and_no_more_than_are_needed():
    mutant = between("24", "diag(h[1]) @ (a[1] * h[2])", "diag(h[1]).T @ (h[2] * a[1])")
    assert reason(mutant, values("elman")) == f"{DIAGONAL}; {COMMUTE}"


OTHERWISE = [
    (IDENTITY, "JACOBIAN-1", "I", "I.T", "I", lambda v: v + np.triu(np.ones(v.shape))),
    (NAMES, "3", "f(s[t - 1], x[t], theta)", "f(h[t - 1], x[t], theta)", "h", lambda v: {**v, 0: v[0] + 1}),
    (HELD, "MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[t]", "M", lambda v: {t: m / 2 for t, m in v.items()}),
    (HELD, "MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[tau]", "M", lambda v: {t: 1 - m for t, m in v.items()}),
    (SHAPE, "RTRL-6", "matrix(P_U[1].T @ V.T @ grad_o[1], U)", "matrix(P_U[1].T @ V.T @ grad_o[1], grad_U)", "grad_U",
        lambda v: v.T),
    (CONSTANT, "19", "do_dh[t].T", "do_dh[tau].T", "do_dh", lambda v: {0: v[1] + 1, **v}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "id", "was", "now", "name", "change"), OTHERWISE)
def test_what_a_rule_takes_for_granted_is_looked_up(why, id, was, now, name, change):
    """The same pair of formulas, of a problem where the ground of the rule is gone."""
    known = values(REGISTRY[id].family)
    assert reason(between(id, was, now), known) == why
    assert reason(between(id, was, now), {**known, name: change(known[name])}) == ""


def test_a_gate_is_no_mask(monkeypatch):
    """h = z ⊙ n + (1 − z) ⊙ h⁽ᵗ⁻¹⁾ has the form of a state that is held, but z is seldom 0 or 1."""
    update = REGISTRY["GRU-8"]
    other = planted_in(update, parse("z[t] * n[t] + (1 - z[t]) * h[t - 1]"), vocabulary(update))
    monkeypatch.setitem(REGISTRY, "GRU-8", other)
    pair = between("GRU-8", "(1 - z[t]) * h[t - 1]", "(1 - z[t]) * h[t]")
    assert reason(pair, values("gru")) == ""
    assert known("gru", values("gru")).given["h"][0].equation is other


def test_a_state_that_something_else_enters_is_not_held(monkeypatch):
    update = REGISTRY["MASK-2"]
    other = planted_in(update, parse("M[t] * np.tanh(A[t]) + H[t - 1] + (1 - M[t]) * H[t - 1]"), vocabulary(update))
    monkeypatch.setitem(REGISTRY, "MASK-2", other)
    assert reason(between("MASK-2", "(1 - M[t]) * H[t - 1]", "(1 - M[t]) * H[t]"), values("masked")) == ""


def test_that_numbers_agree_is_no_reason():
    same = between("8", "np.tanh(a[t])", "1 - 2 / (np.exp(2 * a[t]) + 1)")
    assert agree(dataclasses.replace(same), values("elman"))
    assert reason(same, values("elman")) == ""


@pytest.mark.slow
def test_every_reason_is_needed_somewhere():
    found = {o.reason for s in survey(find(None), problems=1) for o in s.outcomes if o.equal}
    assert found == set(REASONS)
